import { createHash } from 'node:crypto';
import type { EnqueueOptions, TaskKind } from '@emporium/bus';
import type { JobsOptions } from 'bullmq';
import { taskErrors } from '../errors.ts';

/** Whatever it is called, a worker's own strategy decides (`run-task.ts`). */
const backoffName = 'emporium';

/** BullMQ's own bound: 0 goes first. */
const maxPriority = 2 ** 21 - 1;

interface Enqueued {
  /** Of the kind of task. */
  readonly name: string;
  readonly attempts: number;
}

export const enqueuedAs = ({ name, retry }: TaskKind): Enqueued => ({ name, attempts: retry.attempts });

/** Options of every task of a kind. A completed task is removed by age (`retention.ts`), a failed one stays. */
export const commonOptions = (attempts: number): JobsOptions => ({
  attempts,
  backoff: { type: backoffName },
  removeOnComplete: false,
  removeOnFail: false,
  stackTraceLimit: 0, // the log of the worker has it
});

/** Throws `tasks.invalid_option`, naming the option. */
export const jobOptions = (
  { name, attempts }: Enqueued,
  id: string,
  options: EnqueueOptions,
  now: number = Date.now(),
): JobsOptions => {
  const { priority = 0, dedupeKey } = options;
  const refuse = (option: string, why: string): never => {
    throw taskErrors.invalid_option({ task: name, [option]: why });
  };
  const delay = delayOf(options, now);
  if (!Number.isFinite(delay)) refuse('at', 'must be a valid time');
  if (delay < 0) refuse('delayMs', 'must be 0 or more');
  if (!Number.isSafeInteger(priority) || priority < 0 || priority > maxPriority) {
    refuse('priority', `must be a whole number from 0 (first) to ${maxPriority}`);
  }
  if (dedupeKey === '') refuse('dedupeKey', 'must not be empty');
  return {
    ...commonOptions(attempts),
    jobId: jobIdOf(id),
    ...(delay === 0 ? {} : { delay }),
    ...(priority === 0 ? {} : { priority }),
    ...(dedupeKey === undefined ? {} : { deduplication: { id: dedupeKey } }),
  };
};

/** Relative to now; a time that has passed is no delay. */
const delayOf = ({ delayMs, at }: EnqueueOptions, now: number): number => {
  if (at !== undefined) return Math.max(0, Math.ceil(at.getTime() - now));
  return delayMs ?? 0;
};

/** A queue's own ids hold no colon and are no number: an id of ours that would not do is hashed. Those of schedules stay. */
export const jobIdOf = (id: string): string => {
  const fits = /^[\w.-]{1,128}$/.test(id) && !/^-?\d+$/.test(id);
  return fits || /^repeat:[^:]+:\d+$/.test(id) ? id : `h${createHash('sha256').update(id).digest('hex')}`;
};
