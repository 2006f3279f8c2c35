import type { Store } from '@emporium/store';
import { recordAction } from './store/audit.ts';
import { type DiscardFilter, discardBatch } from './store/bulk-discard.ts';
import type { Tables } from './store/tables.ts';

/** The maximum per transaction. */
const maxBatch = 500;

export interface DiscardRequest {
  readonly filter: DiscardFilter;
  readonly userId: string;
  readonly reason: string;
  /** For the audit record: `dead-letter.discard-many`, … */
  readonly action: string;
  /** The maximum number to discard. */
  readonly limit: number;
}

/**
 * Discards open dead letters, oldest first, in batches with one audit entry each. Skips those that opened at or after
 * `filter.openedBefore`, so that it ends while new ones arrive, and those being replayed. Returns how many were discarded.
 */
export const discardMany = async (store: Store<Tables>, request: DiscardRequest): Promise<number> => {
  const { filter, userId, reason, action, limit } = request;
  let discarded = 0;
  while (discarded < limit) {
    const batchLimit = Math.min(maxBatch, limit - discarded);
    const count = await store.transaction(async ({ tx, now }) => {
      const batch = await discardBatch(tx, filter, { userId, reason, limit: batchLimit }, now);
      if (batch === 0) return 0;
      const target = filter.subscription ?? 'dead-letters';
      const details = { ...filter, reason, discarded: batch };
      await recordAction(tx, { userId, action, target, details }, now);
      return batch;
    });
    discarded += count;
    if (count < batchLimit) break;
  }
  return discarded;
};
