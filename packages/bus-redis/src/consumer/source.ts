import type { Entry } from '../entry.ts';

/** Where a consumer's messages come from: a queue, or the partitions that it owns. */
export interface Source {
  /** Joins the other instances. */
  open(): Promise<void>;
  /** Whether to fetch when so many deliveries may begin. */
  wants(room: number): boolean;
  /** Waits for messages, two seconds at most, and buffers them for `next`. */
  fetch(room: number): Promise<void>;
  /** Makes a fetch that waits return at once. */
  interrupt(): void;
  /** A message that may begin now. */
  next(): Entry | undefined;
  /** The delivery has ended. */
  release(entry: Entry, redelivery?: Redelivery): void;
  /** Once a second: renews the lease, and takes over from instances that are gone. Returns the entries that others have taken over. */
  tick(unsettled: readonly Entry[], running: boolean): Promise<readonly Entry[]>;
  /** Gives back what was fetched and has not begun, if that keeps the order. */
  giveBackWaiting(): Promise<void>;
  /** Gives everything back, including messages that were begun and not settled, and leaves the other instances. */
  close(unsettled: readonly Entry[]): Promise<void>;
}

/** A message that was not settled for good is delivered again, after a while, as this attempt. */
export interface Redelivery {
  readonly attempt: number;
  readonly delayMs: number;
}

/**
 * How long a lease lasts, in milliseconds. It is renewed every second; then other instances take over. If a process's event loop
 * is blocked for longer, its messages are handled twice.
 */
export const leaseMs = 5_000;

export const tickMs = 1_000;

/** How long a read waits for messages, in milliseconds. */
export const waitMs = 2_000;
