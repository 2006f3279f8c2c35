import type { Entry } from './entry.ts';
import type { Run } from './session.ts';

/** A subscription as the broker has it. */
export interface Declared {
  readonly id: number;
  readonly name: string;
}

/** Where a consumer's messages come from: a queue, or the partitions it owns. */
export interface Source {
  /** Takes its place among the other instances. */
  open(): Promise<void>;
  /** Whether a claim may bring something. */
  ready(): boolean;
  /** There may be something new. */
  refresh(): void;
  /** Up to `most` messages that nobody else has now. */
  claim(most: number): Promise<Entry[]>;
  /** The delivery is over. `blockedMs`: it comes again after so long. Without the claim of a message being let go of, nobody gets it. */
  release(entry: Entry, blockedMs?: number): void;
  /** These were never begun, or not settled: others may have them at once. */
  giveBack(entries: readonly Entry[]): Promise<void>;
  /** After the session was lost: takes these again, and gives those that are lost. */
  regain(run: Run, entries: readonly Entry[]): Promise<Entry[]>;
  tick(): void;
  /** Another instance came or went. */
  onChange(): void;
  /** Lets go of everything. */
  close(): Promise<void>;
}
