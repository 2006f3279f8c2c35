import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { failpoint } from '@emporium/store';
import { pause, type Retrying } from '../inbound/retrying.ts';
import { type AcceptedTask, decideTask } from './decide-task.ts';
import { checked, openRedis } from './redis.ts';
import { openTaskList, type SettledTask, type TaskList } from './task-list.ts';
import { failed, resultBody, resultKey, resultSeconds, type TaskResult } from './task-result.ts';

export interface CeleryQueueOptions {
  readonly url: string;
  readonly queue: string;
  readonly log: Log;
  readonly retrying: Retrying;
  /** Resolves when everything about the task is committed. */
  readonly take: (task: AcceptedTask) => Promise<unknown>;
}

/** The tasks that other systems send with Celery, over Redis. */
export interface CeleryQueue {
  /** Throws the reason while tasks are not taken, or wait for the database. */
  assertWorking(): void;
  /** Stores the result where its sender looks for it, and tells those who wait. Repeatable. Rejects while Redis is away. */
  storeResult(taskId: string, result: TaskResult): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const keepAliveMs = 3_000;
/** What is missing where Redis is full. */
const what = 'neither a dead letter nor a result';

/** An entry leaves Redis after `take` has resolved, or together with the result of a task that ends at once. */
export const createCeleryQueue = (options: CeleryQueueOptions): CeleryQueue => {
  const { url, queue, log, retrying, take } = options;
  const reader = openRedis(url, 'tasks', log);
  const commands = openRedis(url, 'results', log);
  const list: TaskList = openTaskList(reader, commands, queue);
  const stopping = new AbortController();
  let problem: string | undefined = 'connecting';
  let forgotten = 0;
  let running: Promise<unknown> = Promise.resolve();

  const settle = async (raw: Buffer): Promise<SettledTask | undefined> => {
    const decided = decideTask(raw, new Date());
    if (decided.kind === 'ended') return { ...decided, raw };
    const tried = await retrying.run(() => take(decided), stopping.signal);
    if (tried === undefined) return undefined;
    if (tried.kind === 'done') return { raw };
    const { taskId, ignoreResult } = decided;
    const result = ignoreResult ? {} : { result: { taskId, result: failed(tried.reason) } };
    return { raw, reason: tried.reason, ...result };
  };

  /** Repeats the work until the queue stops, with a growing pause after each failure in a row. */
  const repeat = async (work: () => Promise<void>): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await work();
        if (problem !== undefined) log.info({ queue }, "taking Celery's tasks");
        problem = undefined;
        failures = 0;
      } catch (error) {
        const reason = messageOf(error);
        if (reason !== problem) log.warn({ queue }, `Celery's tasks are not taken: ${reason}`);
        problem = reason;
        failures += 1;
        await pause(failures, stopping.signal);
      }
    }
  };

  const takeSome = async (): Promise<void> => {
    const settled = await Promise.all((await list.take()).map(settle));
    const all = settled.filter((each) => each !== undefined);
    if (all.length === 0) return;
    failpoint('bridge.before-ack');
    onSettled((await list.settle(all)).forgotten, all);
  };

  /** Logs when Redis becomes full, and when it takes dead letters and results again. */
  const onSettled = (count: number, tasks: readonly SettledTask[]): void => {
    if (count > 0) {
      if (forgotten === 0) log.warn({ queue }, `Redis is full: ${what} is kept of tasks that are refused`);
      forgotten += count;
    } else if (forgotten > 0 && tasks.some(({ reason }) => reason !== undefined)) {
      log.info({ queue }, `dead letters are kept again; ${what} was kept of ${forgotten} refused tasks`);
      forgotten = 0;
    }
  };

  const keepAlive = async (): Promise<void> => {
    const { putBack } = await list.keepAlive();
    if (putBack > 0) log.warn({ queue }, `put back ${putBack} tasks of an instance that has ended`);
    await sleep(keepAliveMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  };

  return {
    assertWorking: () => {
      if (problem !== undefined) throw new Error(problem);
      if (forgotten > 0) throw new Error(`Redis is full: ${what} was kept of ${forgotten} refused tasks`);
      retrying.assertWorking();
    },
    storeResult: async (taskId, result) => {
      const body = resultBody(taskId, result, new Date());
      const key = resultKey(taskId);
      const replies = await checked(
        commands,
        commands.multi().set(key, body, 'EX', resultSeconds).publish(key, body).exec(),
      );
      for (const [error] of replies ?? []) if (error !== null) throw error;
    },
    start: () => {
      running = Promise.all([repeat(takeSome), repeat(keepAlive)]);
    },
    stop: async () => {
      stopping.abort();
      await running;
      await list.leave().catch(() => undefined); // another instance does it
      reader.disconnect();
      commands.disconnect();
    },
  };
};
