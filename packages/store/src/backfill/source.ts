import type { EmitEffect } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { Kysely } from 'kysely';

/** What a service can publish again, read in batches from what it has stored. */
export interface BackfillSource<DB> {
  /** The events that it can create again, each with its original id, time and sequence. */
  readonly contracts: readonly Contract[];
  /** What there is now; undefined when there is nothing. What comes later is published as usual. */
  extent(db: Kysely<DB>): Promise<BackfillExtent | undefined>;
  /** The next batch after a position, a bounded number of items; undefined when there is none up to `until`. */
  next(db: Kysely<DB>, range: BackfillRange): Promise<BackfillBatch | undefined>;
}

export interface BackfillExtent {
  /** The last position. */
  readonly until: string;
  /** How many items there are, for progress. */
  readonly total: number;
}

export interface BackfillRange {
  /** Undefined at the beginning. */
  readonly after: string | undefined;
  readonly until: string;
}

export interface BackfillBatch {
  /** Of the last item. */
  readonly position: string;
  readonly items: number;
  readonly events: readonly BackfilledEvent[];
}

export interface BackfilledEvent {
  readonly event: EmitEffect;
  /** Of the request or message that led to it, where that is known. */
  readonly correlationId: string | undefined;
}
