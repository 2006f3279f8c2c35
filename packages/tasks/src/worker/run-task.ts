import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, currentContext, type Log, settlementOf, withContext } from '@emporium/bus';
import { attribute } from '@emporium/telemetry';
import { DelayedError, type Job, type Processor, UnrecoverableError } from 'bullmq';
import { taskErrors } from '../errors.ts';
import { classify, isAway } from '../faults.ts';
import { taskAge, taskDuration } from '../metrics.ts';
import { contextOf, type Payload, readPayload } from '../queue/payload.ts';
import { type AnyTask, checkResult, readData, readResult } from '../task.ts';
import { createEnding, type Ending } from './ending.ts';
import type { Attempt, TaskHandler } from './handler.ts';
import type { Pause } from './pause.ts';
import { reasonOf } from './reasons.ts';
import { failTaskSpan, taskSpan } from './task-span.ts';

/** The attempts that this process is at. */
export interface Running {
  readonly processor: Processor<Payload, unknown, string>;
  /** Ids of those that began at least so many milliseconds ago. */
  longer(ms: number): string[];
  cancel(id: string, reason: string): void;
  /** Ends what runs; it goes back to the queue, and no attempt is counted. */
  interrupt(): void;
}

interface RunOptions<T extends AnyTask> {
  readonly task: T;
  readonly handler: TaskHandler<T>;
  readonly log: Log;
  readonly pause: Pause;
}

/** Why an attempt ended that the worker did not wait for. */
const interrupted = Symbol('interrupted');

/** Between attempts to hand a task back to a queue that is away, in milliseconds. */
const handBackAgainMs = 1_000;
/** For a queue that is unavailable itself: the lock expires meanwhile, and another worker takes the task. */
const handBackMs = 30_000;

export const createRunning = <T extends AnyTask>({ task, handler, log, pause }: RunOptions<T>): Running => {
  const attempts = new Map<string, { readonly began: number; readonly ending: Ending }>();

  const perform = async (id: string, payload: Payload, job: Job<Payload>): Promise<unknown> => {
    if (payload.cancelled !== undefined) throw taskErrors.cancelled({ reason: payload.cancelled });
    const data = readData(task, payload.data);
    const { promise: outcome, resolve, reject } = Promise.withResolvers<unknown>();
    const ending = createEnding(reject);
    const { timeoutMs } = task;
    const timer = setTimeout(() => ending.end(taskErrors.timed_out({ timeoutMs })), timeoutMs);
    attempts.set(id, { began: performance.now(), ending });
    try {
      const handled = handler(data, attemptOf(id, payload, job, ending));
      if (!(handled instanceof Promise)) return checkResult(task, handled);
      handled.then(resolve, reject);
      return checkResult(task, await outcome);
    } finally {
      clearTimeout(timer);
      attempts.delete(id);
    }
  };

  const ended = (outcome: 'completed' | 'retry' | 'failed', began: number): void =>
    taskDuration.observe(
      (performance.now() - began) / 1_000,
      { emporium_task_name: task.name, emporium_outcome: outcome },
      currentContext()?.traceparent,
    );

  /** What BullMQ is to be told of a failure: that it is over, that it may be tried again, or that it was no attempt. */
  const settle = async (
    error: unknown,
    { job, token, began }: { job: Job<Payload>; token: string | undefined; began: number },
  ): Promise<Error> => {
    const facts = { task: task.name, taskId: job.id, attempt: job.attemptsMade + 1 };
    if (error === interrupted) {
      log.info(facts, 'interrupted: the task goes back to its queue');
      await handBack(job, token, 0);
      return new DelayedError();
    }
    const settlement = settlementOf(error);
    const reason = reasonOf(error);
    if (settlement === 'pause') {
      await handBack(job, token, pause.begin(error));
      return new DelayedError();
    }
    pause.over();
    const isLast = settlement === 'dead-letter' || facts.attempt >= task.retry.attempts;
    ended(isLast ? 'failed' : 'retry', began);
    if (isLast) log.error(facts, `failed for good: ${reason}`);
    else log.warn(facts, `failed, and is tried again: ${reason}`);
    return settlement === 'dead-letter'
      ? new UnrecoverableError(reason)
      : new Error(reason, { cause: error });
  };

  return {
    processor: async (job, token) => {
      const id = job.id ?? '';
      const began = performance.now();
      let payload: Payload;
      try {
        payload = readPayload(task.name, job.data);
      } catch (error) {
        throw await settle(error, { job, token, began });
      }
      if (job.attemptsStarted <= 1)
        // `attemptsMade` stays 0 while it is put back for an outage
        taskAge.observe(Math.max(0, Date.now() - dueAtOf(job)) / 1_000, { emporium_task_name: task.name });
      const { span, context } = taskSpan(task.name, job, contextOf(id, payload));
      return withContext(context, async () => {
        try {
          const result = await perform(id, payload, job);
          span.setAttribute(attribute.settlement, 'ack');
          pause.over();
          ended('completed', began);
          const facts = { task: task.name, taskId: id, attempt: job.attemptsMade + 1 };
          log.debug?.({ ...facts, ms: Math.round(performance.now() - began) }, 'done');
          return result;
        } catch (error) {
          const settled = await settle(error, { job, token, began });
          failTaskSpan(span, error, { settled, isLast: job.attemptsMade + 1 >= task.retry.attempts });
          throw settled;
        } finally {
          span.end();
        }
      });
    },
    longer: (ms) =>
      [...attempts].filter(([, { began }]) => performance.now() - began >= ms).map(([id]) => id),
    cancel: (id, reason) => attempts.get(id)?.ending.end(taskErrors.cancelled({ reason })),
    interrupt: () => {
      for (const { ending } of attempts.values()) ending.end(interrupted);
    },
  };
};

/** When it could run first, in milliseconds since the epoch. */
const dueAtOf = ({ timestamp, opts }: Job<Payload>): number => timestamp + (opts.delay ?? 0);

const attemptOf = (id: string, payload: Payload, job: Job<Payload>, ending: Ending): Attempt => ({
  id,
  attempt: job.attemptsMade + 1,
  enqueuedAt: new Date(job.timestamp),
  dueAt: new Date(dueAtOf(job)),
  get signal() {
    return ending.signal;
  },
  progress: (value) => job.updateProgress(value),
  resultsOf: async (before) => {
    const values = Object.entries((await job.getChildrenValues<unknown>()) ?? {});
    const found = (payload.after ?? [])
      .filter(({ task }) => task === before.name)
      .map((each) => values.find(([key]) => key.endsWith(`${each.task}:${each.id}`)));
    return found.filter((entry) => entry !== undefined).map(([, value]) => readResult(before, value));
  },
});

/** Not counted as an attempt. While the queue itself is unavailable this waits for it, and keeps the slot. */
const handBack = async (job: Job<Payload>, token: string | undefined, delayMs: number): Promise<void> => {
  const until = performance.now() + handBackMs;
  for (;;) {
    try {
      return await job.moveToDelayed(Date.now() + delayMs, token);
    } catch (error) {
      if (!isAway(classify(error)) || performance.now() > until) throw error;
      await sleep(handBackAgainMs);
    }
  }
};

/** At least half of the exponential step, as the deliveries of a subscription have it. */
export const backoffOf =
  ({ retry }: AnyTask) =>
  (attempt: number): number =>
    backoff(retry, attempt);
