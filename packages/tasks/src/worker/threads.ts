import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Context, currentContext, Fault, type Settlement } from '@emporium/bus';
import type { z } from 'zod';
import { taskErrors } from '../errors.ts';
import type { AnyTask, TaskData } from '../task.ts';
import type { Attempt, TaskHandler } from './handler.ts';

/** What a module exports as `run`, to be run in a thread: it may block it. */
export type ThreadHandler<T extends AnyTask> = (
  data: TaskData<T>,
  attempt: ThreadAttempt,
) => Promise<z.input<T['result']>> | z.input<T['result']>;

/** There is no signal: a thread that takes too long, or whose task is cancelled, is ended. */
export interface ThreadAttempt extends Pick<Attempt, 'id' | 'attempt'> {
  progress(value: number | object): void;
}

/** Threads for tasks that compute: they block neither each other nor the process, and can be ended. */
export interface Threads<T extends AnyTask> {
  readonly handler: TaskHandler<T>;
  /** Ends them, with what they are at. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** At one time; as many as the machine has cores unless given. Started when they are needed, and kept. */
  readonly threads?: number;
}

/** Messages to a thread, and from it. */
export interface ThreadRequest {
  readonly data: unknown;
  readonly id: string;
  readonly attempt: number;
  /** Of the run, so that what the thread logs has its ids. Spans are recorded in the process alone. */
  readonly context: Context | undefined;
}
export type ThreadReply =
  | { readonly kind: 'progress'; readonly value: number | object }
  | { readonly kind: 'done'; readonly result: unknown }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly code?: string;
      readonly settle?: Settlement;
    };

/** Runs the `run` that `module` exports in threads. What does not find one free waits for it, within its own time-out. */
export const createThreads = <T extends AnyTask>(
  module: URL,
  { threads = availableParallelism() }: ThreadOptions = {},
): Threads<T> => {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: (() => void)[] = [];

  const take = async (signal: AbortSignal): Promise<Worker> => {
    for (;;) {
      signal.throwIfAborted();
      const free = idle.pop() ?? (all.size < threads ? start() : undefined);
      if (free !== undefined) return free;
      await turn(signal);
    }
  };

  /** Resolves when a thread may be free, or the caller no longer needs one. */
  const turn = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    if (signal.aborted && waiting.includes(resolve)) waiting.splice(waiting.indexOf(resolve), 1);
  };

  const start = (): Worker => {
    const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { workerData: module.href });
    all.add(worker);
    worker.on('error', () => undefined); // its user is told by `exit`
    worker.on('exit', () => {
      all.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      waiting.shift()?.();
    });
    worker.unref();
    return worker;
  };

  const give = (worker: Worker): void => {
    if (all.has(worker)) idle.push(worker);
    waiting.shift()?.();
  };

  return {
    handler: async (data, attempt) => {
      const worker = await take(attempt.signal);
      const end = () => {
        all.delete(worker);
        void worker.terminate();
      };
      attempt.signal.addEventListener('abort', end, { once: true });
      try {
        return (await ask(worker, data, attempt)) as z.input<T['result']>; // validated by the worker
      } finally {
        attempt.signal.removeEventListener('abort', end);
        give(worker);
      }
    },
    close: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
};

const ask = (worker: Worker, data: unknown, { id, attempt, progress }: Attempt): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let died: unknown;
    const onError = (error: unknown) => {
      died = error;
    };
    const onExit = (code: number) => over(() => reject(taskErrors.thread_died({ code, cause: died })));
    const onMessage = (reply: ThreadReply) => {
      if (reply.kind === 'progress') return void progress(reply.value).catch(() => undefined); // the next one may arrive
      over(() => (reply.kind === 'done' ? resolve(reply.result) : reject(errorIn(reply))));
    };
    const over = (settle: () => void) => {
      worker.off('message', onMessage).off('exit', onExit).off('error', onError);
      settle();
    };
    worker.on('message', onMessage).on('exit', onExit).on('error', onError);
    worker.postMessage({ data, id, attempt, context: currentContext() } satisfies ThreadRequest);
  });

const errorIn = ({ message, code, settle }: Extract<ThreadReply, { kind: 'failed' }>): Error =>
  code === undefined || settle === undefined ? new Error(message) : new Fault(code, { settle, message });
