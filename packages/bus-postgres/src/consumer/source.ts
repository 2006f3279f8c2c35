import type { Entry } from '../entry.ts';
import type { Run } from '../session.ts';

/** A subscription as the broker has it. */
export interface Declared {
  readonly id: number;
  readonly name: string;
}

/** Where a consumer's messages come from: a queue, or the partitions that it owns. */
export interface Source {
  /** Joins the other instances. */
  open(): Promise<void>;
  /** Whether a fetch may return messages. */
  mayHaveMore(): boolean;
  /** There may be new messages. */
  refresh(): void;
  /** Locks and returns up to `limit` messages. */
  fetch(limit: number): Promise<Entry[]>;
  /** The delivery has ended. `blockedMs`: the message is delivered again after so many milliseconds. */
  release(entry: Entry, blockedMs?: number): void;
  /** Unlocks messages that were never begun or not settled, so that other instances can have them at once. */
  giveBack(entries: readonly Entry[]): Promise<void>;
  /** After the session was lost: locks the entries again, and returns those that another instance has locked. */
  relock(run: Run, entries: readonly Entry[]): Promise<Entry[]>;
  /** Once a second. */
  tick(): void;
  /** Another instance has started or stopped. */
  onChange(): void;
  /** Unlocks everything, and leaves the other instances. */
  close(): Promise<void>;
}
