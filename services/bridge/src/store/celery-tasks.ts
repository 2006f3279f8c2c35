import type { Tx } from '@emporium/store';
import { unitOfWork } from './handlers.ts';
import type { Tables } from './tables.ts';

/** A task that waits for its result. */
export interface CeleryTask {
  readonly taskId: string;
  readonly ignoreResult: boolean;
}

interface NewTask extends CeleryTask {
  readonly requestId: string;
  readonly dueAt: Date;
}

/** By the id of the request that it became. Read only. */
export const celeryTasks = unitOfWork<{ readonly requestId: string }, CeleryTask | undefined, never>({
  tables: ['celery_task'],
  idOf: ({ requestId }) => requestId.toLowerCase(),
  initial: undefined,
  load: async (tx, ids) => {
    const rows = await tx
      .selectFrom('celery_task')
      .select(['request_id', 'task_id', 'ignore_result'])
      .where('request_id', 'in', ids)
      .execute();
    return new Map(
      rows.map((row) => [row.request_id, { taskId: row.task_id, ignoreResult: row.ignore_result }]),
    );
  },
  evolve: (state) => state,
  save: async () => undefined,
});

export const insertTasks = (tx: Tx<Tables>, tasks: readonly NewTask[]) =>
  tx
    .insertInto('celery_task')
    .values(
      tasks.map(({ requestId, taskId, ignoreResult, dueAt }) => ({
        request_id: requestId,
        task_id: taskId,
        ignore_result: ignoreResult,
        due_at: dueAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
