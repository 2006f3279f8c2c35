import type { BatchOutcome, NotReplayed } from '../replay/replay-batch.ts';
import type { Job, JobChanges } from '../store/jobs.ts';
import type { JobFailures } from '../store/tables.ts';

export const failedCount = (failures: JobFailures): number =>
  Object.values(failures).reduce((sum, { count }) => sum + count, 0);

/** The number that is left of the set, if nobody else resolves some of it. */
export const remainingOf = ({ total, done, failures }: Pick<Job, 'total' | 'done' | 'failures'>): number =>
  total - done - failedCount(failures);

/** What a batch changes. After an interruption the job stays where it is: what was not sent is in the next batch. */
export const progressOf = (
  job: Pick<Job, 'total' | 'done' | 'failures' | 'position'>,
  { done, failures, position = job.position, isLast, interruption }: BatchOutcome,
  now: Date,
): JobChanges => {
  if (interruption !== undefined) return { done: job.done + done, problem: interruption.why };
  const next = { ...job, done: job.done + done, failures: withFailures(job.failures, failures), position };
  const isFinished = isLast || remainingOf(next) <= 0;
  return {
    done: next.done,
    failures: next.failures,
    position,
    problem: null,
    ...(isFinished ? { state: 'finished', ended_at: now } : {}),
  };
};

const withFailures = (known: JobFailures, failures: readonly NotReplayed[]): JobFailures => {
  const counted: Record<string, JobFailures[string]> = { ...known };
  for (const { id, code, why } of failures) {
    const { count, detail, example } = counted[code] ?? { count: 0, detail: why, example: id };
    counted[code] = { count: count + 1, detail, example };
  }
  return counted;
};
