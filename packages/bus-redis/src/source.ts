import type { Entry } from './entry.ts';

/** Where a consumer's messages come from: a queue, or the partitions that it owns. */
export interface Source {
  /** Takes its place among the other instances. */
  open(): Promise<void>;
  /** Whether a fetch makes sense when so many deliveries may begin. */
  hungry(room: number): boolean;
  /** Waits for messages, two seconds at most, and keeps them for `next`. */
  fetch(room: number): Promise<void>;
  /** Lets a fetch that waits return at once. */
  interrupt(): void;
  /** A message that may begin now. */
  next(): Entry | undefined;
  /** The delivery is over. `again`: it was not settled for good, and comes again as this attempt after a while. */
  release(entry: Entry, again?: Again): void;
  /** Once a second: keeps what is claimed, takes over from instances that are gone. Gives what others have taken over. */
  tick(unsettled: readonly Entry[], running: boolean): Promise<readonly Entry[]>;
  /** What was fetched and has not begun: others may have it, if that keeps the order. */
  yieldWaiting(): Promise<void>;
  /** Lets go of everything; `left` was begun, and not settled. */
  close(left: readonly Entry[]): Promise<void>;
}

export interface Again {
  readonly attempt: number;
  readonly delayMs: number;
}

/**
 * What an instance has claimed and not renewed for so long is free for others, in milliseconds. It is renewed every second. A
 * process whose event loop stands still for longer has its messages handled twice.
 */
export const leaseMs = 5_000;

export const tickMs = 1_000;

/** How long a read waits for messages, in milliseconds. */
export const waitMs = 2_000;
