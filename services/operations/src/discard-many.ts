import type { Store } from '@emporium/store';
import { recordDeed } from './store/audit.ts';
import { type DiscardFilter, discardMatching } from './store/discard.ts';
import type { Tables } from './store/tables.ts';

/** A transaction discards so many at most. */
const batchSize = 500;

export interface DiscardRequest {
  readonly filter: DiscardFilter;
  readonly userId: string;
  readonly reason: string;
  /** `dead-letter.discard-many`, … */
  readonly action: string;
  /** How many at most. */
  readonly limit: number;
}

/**
 * Discards open letters in batches, each with its entry in the audit record. Gives how many. What became open since
 * `filter.openedBefore` is left, so that it ends while others arrive; so is what somebody is replaying.
 */
export const discardMany = async (store: Store<Tables>, request: DiscardRequest): Promise<number> => {
  const { filter, userId, reason, action, limit } = request;
  let discarded = 0;
  while (discarded < limit) {
    const most = Math.min(batchSize, limit - discarded);
    const batch = await store.transaction(async ({ tx, now }) => {
      const count = await discardMatching(tx, filter, { userId, reason, limit: most }, now);
      if (count === 0) return 0;
      const target = filter.subscription ?? 'dead-letters';
      await recordDeed(tx, { userId, action, target, details: { ...filter, reason, discarded: count } }, now);
      return count;
    });
    discarded += batch;
    if (batch < most) break;
  }
  return discarded;
};
