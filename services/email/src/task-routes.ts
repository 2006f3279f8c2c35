import { pageLimit, problem, type Routes } from '@emporium/service';
import type { AnyTask, TaskQueue } from '@emporium/tasks';
import { z } from 'zod';

export interface TaskRoutesOptions {
  /** By task name. */
  readonly queues: ReadonlyMap<string, TaskQueue<AnyTask>>;
}

const config = { access: 'administrator' } as const;
const name = z.string().max(100);
const counts = z.object({
  waiting: z.int(),
  active: z.int(),
  delayed: z.int(),
  completed: z.int(),
  failed: z.int(),
});
const failedTask = z.object({
  id: z.string(),
  data: z.unknown(),
  reason: z.string(),
  attempts: z.int(),
  failedAt: z.iso.datetime(),
});

/** For administrators: the number of tasks in each state, and the failed tasks, which can be retried or discarded. */
export const taskRoutes =
  ({ queues }: TaskRoutesOptions): Routes =>
  (server) => {
    const queueOf = (task: string) => {
      const queue = queues.get(task);
      if (queue === undefined) throw problem(404, 'not-found', `There is no task ${task}.`);
      return queue;
    };

    server.get(
      '/api/admin/tasks',
      {
        config,
        schema: {
          summary: 'The number of tasks in each state, by task name',
          response: { 200: z.object({ tasks: z.array(z.object({ name, counts })) }) },
        },
      },
      async () => ({
        tasks: await Promise.all(
          [...queues].map(async ([task, queue]) => ({ name: task, counts: await queue.counts() })),
        ),
      }),
    );

    server.get(
      '/api/admin/tasks/:name/failed',
      {
        config,
        schema: {
          summary: 'Failed tasks, newest first',
          params: z.object({ name }),
          querystring: z.object({ limit: pageLimit(500, 50) }),
          response: { 200: z.object({ failed: z.array(failedTask) }) },
        },
      },
      async ({ params, query }) => {
        const failed = await queueOf(params.name).failed(query);
        return { failed: failed.map((each) => ({ ...each, failedAt: each.failedAt.toISOString() })) };
      },
    );

    for (const action of ['retry', 'discard'] as const) {
      server.post(
        `/api/admin/tasks/:name/failed/:id/${action}`,
        {
          config,
          schema: {
            summary:
              action === 'retry' ? 'Retry the task with all its attempts' : 'Delete the task permanently',
            params: z.object({ name, id: z.string().max(200) }),
            response: { 204: z.null() },
          },
        },
        async ({ params }, reply) => {
          const done = await queueOf(params.name)[action](params.id);
          if (!done) throw problem(404, 'not-found', 'There is no such failed task.');
          return reply.code(204).send(null);
        },
      );
    }
  };
