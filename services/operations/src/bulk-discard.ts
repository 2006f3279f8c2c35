import type { Store, Tx } from '@emporium/store';
import { type BatchOutcome, interruptedBy } from './replay/replay-batch.ts';
import { recordAction } from './store/audit.ts';
import { type DiscardOptions, discardBatch } from './store/bulk-discard.ts';
import type { Selection } from './store/selection.ts';
import type { Tables } from './store/tables.ts';

/** The maximum per transaction. */
const maxBatch = 500;

export interface DiscardRequest extends DiscardOptions {
  readonly selection: Selection;
  /** For the audit record: `dead-letter.discard-many`, … */
  readonly action: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Commits what it writes together with the outcome. */
  readonly record?: (tx: Tx<Tables>, outcome: BatchOutcome, now: Date) => Promise<void>;
}

/** Discards the oldest of a selection, 500 at most, with one audit entry that lists them. */
export const discardNext = (store: Store<Tables>, request: DiscardRequest): Promise<BatchOutcome> =>
  store.transaction(async ({ tx, now }) => {
    const { selection, userId, reason, action, ifLocked, record = async () => undefined } = request;
    const limit = Math.min(maxBatch, request.limit);
    const { ids, locked } = await discardBatch(tx, selection, { userId, reason, limit, ifLocked }, now);
    if (ids.length > 0) {
      const target = selection.subscription ?? 'dead-letters';
      const details = { ...selection, ...request.details, reason, discarded: ids.length, ids };
      await recordAction(tx, { userId, action, target, details }, now);
    }
    const outcome = {
      ...{ done: ids.length, failures: [], position: ids.at(-1) },
      isLast: locked === undefined && ids.length < limit,
      interruption: locked === undefined ? undefined : interruptedBy(locked),
    };
    await record(tx, outcome, now);
    return outcome;
  });

/**
 * Discards open dead letters, oldest first, in batches. Skips those that are locked, by a replay for example, and those that opened at or
 * after `selection.openedBefore`, so that it ends while new ones arrive. Returns how many were discarded.
 */
export const discardMany = async (
  store: Store<Tables>,
  request: Omit<DiscardRequest, 'ifLocked' | 'record'>,
): Promise<number> => {
  let discarded = 0;
  for (let isLast = false; !isLast && discarded < request.limit; ) {
    const outcome = await discardNext(store, {
      ...request,
      limit: request.limit - discarded,
      ifLocked: 'skip',
    });
    discarded += outcome.done;
    isLast = outcome.isLast;
  }
  return discarded;
};
