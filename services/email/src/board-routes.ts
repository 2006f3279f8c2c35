import { currentUser, type Log, type Routes } from '@emporium/service';
import { type AnyTask, type Board, createBoard, type TaskQueue } from '@emporium/tasks';

export interface BoardRoutesOptions {
  readonly queues: readonly TaskQueue<AnyTask>[];
  readonly log: Log;
}

const path = '/admin/tasks';
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The web pages of the task queues, for administrators. The board is created on the first request. */
export const boardRoutes =
  ({ queues, log }: BoardRoutesOptions): Routes =>
  async (server) => {
    let board: Promise<Board> | undefined;
    const open = (): Promise<Board> => {
      board ??= createBoard({
        path,
        title: 'Emporium',
        queues,
        links: [{ text: 'Sign out', url: '/admin' }],
      });
      board.catch(() => {
        board = undefined; // the queue cannot be reached: the next request tries again
      });
      return board;
    };

    await server.register((scope, _options, done) => {
      // The board parses bodies itself.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, body, parsed) => parsed(null, body));
      for (const url of [path, `${path}/*`]) {
        scope.route({
          method: methods,
          url,
          config: { access: 'administrator' },
          schema: { hide: true },
          handler: async (request, reply) => {
            const { answer } = await open();
            if (request.method !== 'GET' && request.method !== 'HEAD') {
              const { userId } = currentUser(request);
              log.info(
                { userId, method: request.method, path: request.url },
                'an administrator changed the task queues',
              );
            }
            reply.hijack();
            answer(request.raw, reply.raw);
          },
        });
      }
      done();
    });
    server.addHook('onClose', async () => {
      await board?.then(
        ({ close }) => close(),
        () => undefined, // it could not be created
      );
    });
  };
