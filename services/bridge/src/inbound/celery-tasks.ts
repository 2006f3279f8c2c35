import type { LifecycleStage, ServiceContext } from '@emporium/service';
import { type CeleryQueue, createCeleryQueue } from '../celery/celery-queue.ts';
import type { AcceptedTask } from '../celery/decide-task.ts';
import { insertTasks } from '../store/celery-tasks.ts';
import type { Tables } from '../store/tables.ts';
import { createReceive, type Received } from './receive.ts';
import { createRetrying } from './retrying.ts';

type ReceivedTask = AcceptedTask & Received;

export interface CeleryTasks {
  readonly stage: LifecycleStage;
  readonly storeResult: CeleryQueue['storeResult'];
}

/** Takes the tasks that other systems send with Celery. The bridge is degraded while it cannot. */
export const celeryTaskList = (
  { url, queue }: { readonly url: string; readonly queue: string },
  { store, health, log }: ServiceContext<Tables>,
): CeleryTasks => {
  const receive = createReceive<ReceivedTask>(store, insertTasks);
  const tasks = createCeleryQueue({
    url,
    queue,
    log,
    retrying: createRetrying(queue, log),
    take: (task) => receive({ ...task, source: 'celery', id: task.taskId }),
  });
  health.add(`list ${queue}`, () => tasks.assertWorking(), { degrades: true });
  return {
    storeResult: tasks.storeResult,
    stage: {
      name: `list ${queue}`,
      start: () => {
        tasks.start();
        return () => tasks.stop();
      },
    },
  };
};
