import type { Log, TaskSink } from '@emporium/bus';
import { openDriver } from './datastore/drivers.ts';
import { within } from './faults.ts';
import { measureTasks } from './metrics.ts';
import { addFlow, chained, type FlowTask, grouped } from './queue/flow.ts';
import { answerMs, createOpener } from './queue/opener.ts';
import { createSink } from './queue/sink.ts';
import { createTaskQueue, type TaskQueue } from './queue/task-queue.ts';
import type { AnyTask } from './task.ts';
import type { TaskHandler } from './worker/handler.ts';
import { startWorker, type TaskWorker, type WorkOptions } from './worker/worker.ts';

export interface TasksOptions {
  /** `redis:`, `rediss:` or `postgres:`. */
  readonly url: string;
  /** Under which the connections show on the server: the service's. */
  readonly name: string;
  readonly log: Log;
}

/** The task queues of a datastore. It need not be there yet, and may go away: work goes on when it is back. */
export interface Tasks extends TaskSink {
  queue<T extends AnyTask>(task: T): TaskQueue<T>;
  /** Runs tasks of one kind in this process. Instances share them. */
  work<T extends AnyTask>(task: T, handler: TaskHandler<T>, options?: WorkOptions): TaskWorker;
  /** Runs tasks one after the other, each with the result of the one before. Resolves to the id of the last task, which has the result. */
  chain(parts: readonly [FlowTask, ...FlowTask[]]): Promise<string>;
  /** Runs tasks concurrently, and then one more with all their results. Resolves to the id of that one. */
  group(parts: readonly FlowTask[], then: FlowTask): Promise<string>;
  /** Resolves when the queue answers; rejects with `tasks.queue_away`. */
  probe(): Promise<void>;
  /** Stops the workers, and disconnects. */
  close(): Promise<void>;
}

/** Throws for a URL whose scheme is not one of `taskSchemes`. */
export const createTasks = async ({ url, name, log }: TasksOptions): Promise<Tasks> => {
  const driver = await openDriver({ url, name });
  const opener = createOpener(driver);
  const workers: TaskWorker[] = [];

  return {
    ...createSink(opener),
    queue: (task) => createTaskQueue(task, opener),
    work: (task, handler, options = {}) => {
      const worker = startWorker({ ...options, task, handler, driver, opener, log });
      const unwatch = measureTasks(task.name, createTaskQueue(task, opener).counts);
      const measured: TaskWorker = {
        stop: (stopping) => {
          unwatch();
          return worker.stop(stopping);
        },
      };
      workers.push(measured);
      return measured;
    },
    chain: (parts) => addFlow(opener, chained(parts)),
    group: (parts, then) => addFlow(opener, grouped(parts, then)),
    probe: () => within(answerMs, driver.prepare()),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await opener.close();
      await driver.close();
    },
  };
};
