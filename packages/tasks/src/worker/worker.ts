import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { type IQueueBackend, type JobProgress, type Processor, Worker } from 'bullmq';
import { classOptions, type Driver } from '../datastore/driver.ts';
import { classify, isAway } from '../faults.ts';
import type { Opener } from '../queue/opener.ts';
import type { Payload } from '../queue/payload.ts';
import { startRetention } from '../queue/retention.ts';
import type { AnyTask } from '../task.ts';
import type { TaskHandler } from './handler.ts';
import { patient } from './patient-backend.ts';
import { createPause } from './pause.ts';
import { backoffOf, createRunning } from './run-task.ts';

export interface TaskWorker {
  /**
   * Takes no more, and waits for what runs up to `timeoutMs` (5 s unless given). Then signals are aborted, and what runs goes
   * back to the queue, to be run again. Loses none. Safe to call twice.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface WorkOptions {
  /** Tasks at one time, instead of the task's own `concurrency`. */
  readonly concurrency?: number;
  /** What a worker that died was at is taken by another after twice this time, in milliseconds; 10 s unless given. */
  readonly lockMs?: number;
  /**
   * Asked while the worker is paused, because a handler threw a fault that settles with `pause`: resolves when what was away answers
   * again. Without it the worker resumes after each wait (1 s, growing to 30 s), and the next tasks find out.
   */
  readonly probe?: () => Promise<void>;
}

interface WorkerOptions<T extends AnyTask> extends WorkOptions {
  readonly task: T;
  readonly handler: TaskHandler<T>;
  readonly driver: Driver;
  readonly opener: Opener;
  readonly log: Log;
}

type BullWorker = Worker<Payload, unknown, string, IQueueBackend, JobProgress, object>;

/** A running task looks so often whether it was cancelled, in milliseconds. */
const lookMs = 1_000;
/** Between attempts to reach a queue that is away, in milliseconds. */
const awayMs = 1_000;
/** For what was interrupted to go back to the queue. */
const goodbyeMs = 2_000;

/** Resolves at once, and begins to work as soon as the queue can be reached. */
export const startWorker = <T extends AnyTask>(options: WorkerOptions<T>): TaskWorker => {
  const { task, handler, opener, log, probe } = options;
  const pause = createPause({
    task: task.name,
    log,
    pauseWorker: () => void worker?.pause(true).catch(trouble.on),
    resumeWorker: () => void worker?.resume(),
    ...(probe === undefined ? {} : { probe }),
  });
  const running = createRunning({ task, handler, log, pause });
  const stopping = new AbortController();
  const trouble = createTrouble(task.name, log);
  let worker: BullWorker | undefined;
  let stopped: Promise<void> | undefined;

  const start = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        worker = await opener.open(() => createBullWorker(options, running.processor, trouble.on));
        break;
      } catch (error) {
        trouble.on(error);
        await sleep(awayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    if (worker === undefined) return;
    if (stopping.signal.aborted) return worker.close();
    trouble.over();
    worker.on('error', trouble.on);
    worker.on('active', trouble.over);
    worker.on('stalled', (taskId) => log.warn({ task: task.name, taskId }, 'its worker died: it runs again'));
    void worker.run().catch(trouble.on);
  };

  const lookForCancelled = async (): Promise<void> => {
    try {
      for (const id of running.longer(lookMs)) {
        const queue = await opener.queue(task.name);
        const cancelled = (await queue.getJob(id))?.data.cancelled;
        if (cancelled !== undefined) running.cancel(id, cancelled);
      }
    } catch (error) {
      trouble.on(error);
    }
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    stopping.abort();
    pause.stop();
    retention.stop();
    await started;
    const closing = worker?.close();
    await Promise.race([closing, sleep(timeoutMs, undefined, { ref: false })]);
    running.interrupt();
    await Promise.race([closing, sleep(goodbyeMs, undefined, { ref: false })]);
    clearInterval(looking);
  };

  const started = start();
  const looking = setInterval(lookForCancelled, lookMs).unref();
  const retention = startRetention(task, opener, log);
  return {
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopped ??= stop(timeoutMs);
      return stopped;
    },
  };
};

const createBullWorker = <T extends AnyTask>(
  { task, driver, concurrency = task.concurrency, lockMs = 10_000 }: WorkerOptions<T>,
  processor: Processor<Payload, unknown, string>,
  report: (error: unknown) => void,
): BullWorker => {
  const { rateLimit } = task;
  return new Worker(
    task.name,
    processor,
    {
      ...classOptions,
      autorun: false,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      // A task whose worker dies each time would kill one after the other for ever.
      maxStalledCount: task.retry.attempts,
      runRetryDelay: awayMs,
      settings: { backoffStrategy: backoffOf(task) },
      ...(rateLimit === undefined ? {} : { limiter: { max: rateLimit.max, duration: rateLimit.perMs } }),
    },
    patient(driver.factory, report),
  );
};

/** Logs once that the queue is away, and once that it is back: BullMQ reports it with every try. */
const createTrouble = (task: string, log: Log) => {
  let troubled = false;
  return {
    on: (error: unknown): void => {
      const fault = classify(error);
      if (!isAway(fault))
        return log.warn({ task }, `the worker continues after an error: ${messageOf(fault)}`);
      if (!troubled) log.warn({ task }, `the worker failed, retrying: ${messageOf(fault)}`);
      troubled = true;
    },
    over: (): void => {
      if (troubled) log.info({ task }, 'the worker recovered');
      troubled = false;
    },
  };
};
