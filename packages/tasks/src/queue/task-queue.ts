import type { EnqueueOptions } from '@emporium/bus';
import type { Job } from 'bullmq';
import { taskErrors } from '../errors.ts';
import { within } from '../faults.ts';
import { type AnyTask, checkInput, readResult, type TaskInput, type TaskResult } from '../task.ts';
import { reasonIn } from '../worker/reasons.ts';
import { type Cancelled, cancelJob } from './cancel.ts';
import { commonOptions, enqueuedAs, jobIdOf, jobOptions } from './job-options.ts';
import { newId } from './new-id.ts';
import { answerMs, type BullQueue, type Opener } from './opener.ts';
import { createPayload, type Payload, readPayload } from './payload.ts';
import { assertSchedule, type When } from './schedule.ts';
import { waitFor } from './waiting.ts';

/** The tasks of one kind. Every call rejects with `tasks.queue_away` while the queue is away, within a few seconds. */
export interface TaskQueue<T extends AnyTask> {
  /**
   * Resolves to the task's id when the queue owns it durably. Throws `tasks.invalid_data` or `tasks.invalid_option`, naming the
   * field; `tasks.queue_full`. Within a database transaction return the effect `enqueue` instead, which is atomic with it.
   */
  enqueue(data: TaskInput<T>, options?: EnqueueOptions): Promise<string>;
  /** All or none of them, as one request. */
  enqueueAll(
    items: readonly { readonly data: TaskInput<T>; readonly options?: EnqueueOptions }[],
  ): Promise<string[]>;
  /**
   * Waits for what the handler returned. Throws `tasks.failed` with the reason of a task that failed for good,
   * `tasks.cancelled`, `tasks.not_finished` after `timeoutMs` (30 s unless given; 0 asks once), `tasks.unknown`.
   */
  result(id: string, options?: { readonly timeoutMs?: number }): Promise<TaskResult<T>>;
  /** Undefined where there is no such task: never enqueued, removed, or finished long ago. */
  state(id: string): Promise<TaskState | undefined>;
  /**
   * A task that waits is removed; one that runs has its signal aborted within a second or two, and fails. A part of a chain
   * or a group fails, and what comes after it with it.
   */
  cancel(id: string, reason?: string): Promise<Cancelled>;
  /**
   * Enqueues a task again and again. A schedule of the same name is replaced, and with it the run that no worker has taken yet;
   * names are of one kind of task.
   */
  schedule(name: string, when: When, data: TaskInput<T>): Promise<void>;
  /** Whether there was such a schedule. Its next run goes with it, unless that is due already and waits for a worker. */
  unschedule(name: string): Promise<boolean>;
  counts(): Promise<TaskCounts>;
  /** Those that failed for good, the newest first; 100 unless `limit` says otherwise. */
  failed(options?: { readonly limit?: number }): Promise<FailedTask[]>;
  /** Runs a failed task again, with all its attempts. False where there is no such failed task. */
  retry(id: string): Promise<boolean>;
  /** Removes a failed task. False where there is no such failed task. */
  discard(id: string): Promise<boolean>;
  /** BullMQ's own queue: for a view of it. */
  open(): Promise<BullQueue>;
}

export interface TaskState {
  readonly state: 'waiting' | 'delayed' | 'active' | 'waiting-children' | 'completed' | 'failed';
  /** What the handler reported last. */
  readonly progress: unknown;
  /** Attempts that ended; a crash is none. */
  readonly attempts: number;
  /** Of a completed task. */
  readonly result?: unknown;
  /** Of the last attempt that failed. */
  readonly reason?: string;
}

export interface TaskCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
}

export interface FailedTask {
  readonly id: string;
  readonly data: unknown;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: Date;
}

export const createTaskQueue = <T extends AnyTask>(definition: T, opener: Opener): TaskQueue<T> => {
  const { name } = definition;

  const using = async <R>(work: (queue: BullQueue) => Promise<R>): Promise<R> => {
    const queue = await opener.queue(name);
    return within(answerMs, work(queue));
  };
  const find = (id: string) => using((queue) => queue.getJob(jobIdOf(id)));
  const failedJob = async (id: string): Promise<Job<Payload> | undefined> => {
    const job = await find(id);
    return job !== undefined && (await within(answerMs, job.getState())) === 'failed' ? job : undefined;
  };

  const jobOf = (data: TaskInput<T>, options: EnqueueOptions = {}) => {
    const id = options.id ?? newId();
    const payload = createPayload(name, jobIdOf(id), checkInput(definition, data));
    return { name, data: payload, opts: jobOptions(enqueuedAs(definition), id, options) };
  };

  const stateOf = async (id: string): Promise<TaskState | undefined> => {
    const queue = await opener.queue(name);
    const state = await within(answerMs, queue.getJobState(jobIdOf(id)));
    const job = await find(id); // after its state, which may change any moment
    if (state === 'unknown' || job === undefined) return undefined;
    return {
      state: state === 'prioritized' ? 'waiting' : state,
      progress: job.progress,
      attempts: job.attemptsMade,
      ...(state === 'completed' ? { result: readResult(definition, job.returnvalue) } : {}),
      ...(job.failedReason ? { reason: job.failedReason } : {}),
    };
  };

  return {
    enqueue: async (data, options) => {
      const [id] = await opener.add(name, [jobOf(data, options)]);
      return idOf({ id });
    },
    enqueueAll: async (items) => {
      if (items.length === 0) return [];
      const jobs = items.map(({ data, options }) => jobOf(data, options));
      return (await opener.add(name, jobs)).map((id) => idOf({ id }));
    },
    result: async (id, { timeoutMs = 30_000 } = {}) => {
      const finished = await waitFor(id, timeoutMs, () => stateOf(id));
      if (finished.state === 'completed') return finished.result as TaskResult<T>; // `stateOf` has read it as one
      throw reasonIn(finished.reason);
    },
    state: stateOf,
    cancel: async (id, reason = 'on request') => {
      const job = await find(id);
      return job === undefined ? 'unknown' : within(answerMs, cancelJob(opener, job, reason));
    },
    schedule: async (schedule, when, data) => {
      const repeat = assertSchedule(name, schedule, when);
      const payload: Payload = { data: checkInput(definition, data) };
      const template = { name, data: payload, opts: commonOptions(definition.retry.attempts) };
      await using((queue) => queue.upsertJobScheduler(schedule, repeat, template));
    },
    unschedule: (schedule) => using((queue) => queue.removeJobScheduler(schedule)),
    counts: async () => {
      const counts = await using((queue) => queue.getJobCounts());
      const { waiting = 0, prioritized = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = counts;
      return { waiting: waiting + prioritized, active, delayed, completed, failed };
    },
    failed: async ({ limit = 100 } = {}) => {
      const jobs = await using((queue) => queue.getFailed(0, limit - 1));
      return jobs.map((job) => ({
        id: idOf(job),
        data: readPayload(name, job.data).data,
        reason: job.failedReason,
        attempts: job.attemptsMade,
        failedAt: new Date(job.finishedOn ?? job.timestamp),
      }));
    },
    retry: async (id) => {
      const job = await failedJob(id);
      if (job === undefined) return false;
      const { cancelled, ...payload } = job.data;
      if (cancelled !== undefined) await within(answerMs, job.updateData(payload));
      await within(answerMs, job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }));
      return true;
    },
    discard: async (id) => {
      const job = await failedJob(id);
      await (job === undefined ? undefined : within(answerMs, job.remove()));
      return job !== undefined;
    },
    open: () => opener.queue(name),
  };
};

/** A job that a queue returned has an id. */
const idOf = ({ id }: { readonly id?: string | undefined }): string => {
  if (id === undefined) throw taskErrors.unknown();
  return id;
};
