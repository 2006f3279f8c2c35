import type { Store, Tx } from '@emporium/store';
import { discardNext } from '../bulk-discard.ts';
import { paceOf, rateOf } from '../domain/pace.ts';
import type { BatchOutcome, ReplayBatch } from '../replay/replay-batch.ts';
import { countSelected, type Job, lockJob, updateJob } from '../store/jobs.ts';
import type { Selection } from '../store/selection.ts';
import type { Tables } from '../store/tables.ts';
import { failedCount, progressOf, remainingOf } from './progress.ts';

/** The maximum of a batch: what is sent twice when a process crashes in between. */
const maxBatch = 200;

/**
 * Handles the next batch of a job, and commits how far it is with the outcome. `isProbe` limits it to one dead letter. Returns the
 * outcome, and the milliseconds from its begin to that of the next batch.
 */
export type BatchRunner = (
  job: Job,
  isProbe: boolean,
) => Promise<{ readonly outcome: BatchOutcome; readonly everyMs: number }>;

export const createBatchRunner =
  (store: Store<Tables>, replayBatch: ReplayBatch): BatchRunner =>
  async (job, isProbe) => {
    const { size, everyMs } = paceOf(rateOf(job), maxBatch);
    const limit = isProbe ? 1 : Math.min(size, Math.max(1, remainingOf(job)));
    const selection = selectionOf(job);
    const userId = job.requested_by;
    const details = { job: job.id };
    const record = async (tx: Tx<Tables>, outcome: BatchOutcome, now: Date): Promise<void> => {
      const current = await lockJob(tx, job.id);
      // After a long freeze another instance has sent this batch again, and counts it.
      if (current?.leased_by !== job.leased_by || current.ended_at !== null) return;
      const progress = progressOf(current, outcome, now);
      await updateJob(tx, job.id, progress);
      if (progress.state === 'finished')
        await updateJob(tx, job.id, {
          still_open: await stillOpen(tx, { ...current, ...progress }, outcome),
        });
    };
    const outcome =
      job.action === 'replay'
        ? await replayBatch({ selection, limit, userId, claimant: job.id, details, record })
        : await discardNext(store, {
            ...{ selection, limit, userId, details, record },
            reason: job.reason ?? '',
            action: 'dead-letter.discard-many',
            ifLocked: 'end',
          });
    return { outcome, everyMs };
  };

/** How many of those that it has passed are open, although it did not fail on them. */
const stillOpen = async (tx: Tx<Tables>, job: Job, { isLast }: BatchOutcome): Promise<number> => {
  const { after: _, ...passed } = selectionOf(job);
  const open = await countSelected(tx, isLast ? passed : { ...passed, upTo: job.position }, job.total);
  return Math.max(0, open - failedCount(job.failures));
};

const selectionOf = ({ filter, opened_before: openedBefore, position }: Job): Selection => {
  const { failedBefore, ...rest } = filter;
  return {
    ...rest,
    openedBefore,
    ...(failedBefore === undefined ? {} : { failedBefore: new Date(failedBefore) }),
    ...(position === '' ? {} : { after: position }),
  };
};
