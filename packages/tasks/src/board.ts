import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Queue } from 'bullmq';
import type { TaskQueue } from './queue/task-queue.ts';
import type { AnyTask } from './task.ts';

export interface BoardOptions {
  /** Where the pages are, for example `/admin/tasks`. */
  readonly path: string;
  readonly title: string;
  readonly queues: readonly TaskQueue<AnyTask>[];
  /** Further pages, in the menu. */
  readonly links?: readonly { readonly text: string; readonly url: string }[];
}

/** Queues as pages for people, who may retry, remove and pause what is in them (bull-board). */
export interface Board {
  /** Answers any request at the path or below. Nobody has read its body yet, and the caller knows that it is allowed. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/**
 * It is a server of its own, which listens nowhere and takes 30 MB: make it when the first person comes. Rejects with
 * `tasks.queue_away` while the queue is away.
 */
export const createBoard = async ({ path, title, queues, links = [] }: BoardOptions): Promise<Board> => {
  const [{ createBullBoard }, { BullMQAdapter }, { FastifyAdapter }, { fastify }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/fastify'),
    import('fastify'),
  ]);
  const opened = await Promise.all(queues.map((queue) => queue.open()));
  const serverAdapter = new FastifyAdapter().setBasePath(path);
  createBullBoard({
    serverAdapter,
    queues: opened.map((queue) => new BullMQAdapter(queue as Queue)),
    options: { uiConfig: { boardTitle: title, hideDocsLink: true, miscLinks: [...links] } },
  });

  const server = fastify({ bodyLimit: 64 * 1_024, forceCloseConnections: false });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', contentSecurityPolicy);
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('application/problem+json').serializer(JSON.stringify).send(notFound),
  );
  await server.register(serverAdapter.registerPlugin(), { prefix: path });
  await server.ready();
  return { answer: (request, response) => server.routing(request, response), close: () => server.close() };
};

const notFound = { type: 'about:blank', title: 'Not Found', status: 404 };

/** Its pages bring what they need, and set styles as attributes; the fonts that they ask another site for are not loaded. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
