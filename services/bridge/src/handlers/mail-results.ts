import { welcomeMailFailed, welcomeMailSent } from '@emporium/contracts';
import type { Before } from '@emporium/store';
import { failed, succeeded, type TaskResult } from '../celery/task-result.ts';
import { bridgeErrors } from '../errors.ts';
import { type CeleryTask, celeryTasks } from '../store/celery-tasks.ts';
import { callOutside } from '../store/handlers.ts';

/** Stores the result of a task for its sender; rejects while that is impossible. */
export type StoreResult = (taskId: string, result: TaskResult) => Promise<void>;

export const onWelcomeMailSent = (storeResult: StoreResult) =>
  callOutside(welcomeMailSent, celeryTasks, {
    before: (_, task) => requestFor(task, succeeded),
    call: (request) => storing(storeResult, request),
    after: () => ({}),
  });

export const onWelcomeMailFailed = (storeResult: StoreResult) =>
  callOutside(welcomeMailFailed, celeryTasks, {
    before: ({ data }, task) => requestFor(task, failed(data.reason)),
    call: (request) => storing(storeResult, request),
    after: () => ({}),
  });

interface ResultRequest {
  readonly taskId: string;
  readonly result: TaskResult;
}

/** Nothing to store where no task asked for the mail, or its sender does not want to know. */
const requestFor = (task: CeleryTask | undefined, result: TaskResult): Before<ResultRequest, never> =>
  task === undefined || task.ignoreResult ? {} : { request: { taskId: task.taskId, result } };

/** Waits for a Redis that is away, however long that is. */
const storing = async (storeResult: StoreResult, { taskId, result }: ResultRequest): Promise<void> => {
  try {
    await storeResult(taskId, result);
  } catch (cause) {
    throw bridgeErrors.results_away({ cause });
  }
};
