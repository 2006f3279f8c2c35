import type { Store, Tx } from '@emporium/store';
import type { BatchOutcome } from './replay/replay-batch.ts';
import { recordAction } from './store/audit.ts';
import { discardBatch } from './store/bulk-discard.ts';
import type { Selection } from './store/selection.ts';
import type { Tables } from './store/tables.ts';

/** The maximum per transaction. */
const maxBatch = 500;

export interface DiscardRequest {
  readonly selection: Selection;
  readonly userId: string;
  readonly reason: string;
  /** For the audit record: `dead-letter.discard-many`, … */
  readonly action: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The maximum number to discard. */
  readonly limit: number;
  /** Commits what it writes together with the outcome. */
  readonly record?: (tx: Tx<Tables>, outcome: BatchOutcome, now: Date) => Promise<void>;
}

/** Discards the oldest of a selection, 500 at most, with one audit entry that lists them. Skips those that are being replayed. */
export const discardNext = (store: Store<Tables>, request: DiscardRequest): Promise<BatchOutcome> =>
  store.transaction(async ({ tx, now }) => {
    const { selection, userId, reason, action, record = async () => undefined } = request;
    const limit = Math.min(maxBatch, request.limit);
    const ids = await discardBatch(tx, selection, { userId, reason, limit }, now);
    if (ids.length > 0) {
      const target = selection.subscription ?? 'dead-letters';
      const details = { ...selection, ...request.details, reason, discarded: ids.length, ids };
      await recordAction(tx, { userId, action, target, details }, now);
    }
    const outcome = { done: ids.length, failures: [], position: ids.at(-1), isLast: ids.length < limit };
    await record(tx, outcome, now);
    return outcome;
  });

/**
 * Discards open dead letters, oldest first, in batches. Skips those that opened at or after `selection.openedBefore`, so that it ends
 * while new ones arrive. Returns how many were discarded.
 */
export const discardMany = async (store: Store<Tables>, request: DiscardRequest): Promise<number> => {
  let discarded = 0;
  for (let isLast = false; !isLast && discarded < request.limit; ) {
    const outcome = await discardNext(store, { ...request, limit: request.limit - discarded });
    discarded += outcome.done;
    isLast = outcome.isLast;
  }
  return discarded;
};
