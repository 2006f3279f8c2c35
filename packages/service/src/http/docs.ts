import fastify, { type FastifyInstance } from 'fastify';
import type { Log } from '../log.ts';
import { correlate } from './correlation.ts';
import { answerError, sendProblem } from './errors.ts';
import { problem } from './problem.ts';

/** An OpenAPI document that `/docs` shows. */
export interface ApiDocument {
  readonly name: string;
  readonly url: string;
}

/**
 * Shows OpenAPI documents to people at `/docs`. Swagger UI lives in a server of its own that is made by the first visit:
 * it takes 5 MB, and most processes are never visited.
 */
export const showDocs = (server: FastifyInstance, documents: readonly ApiDocument[], log: Log): void => {
  let viewer: Promise<FastifyInstance> | undefined;
  const options = { schema: { hide: true } };
  server.get('/docs', options, (_request, reply) => reply.redirect('/docs/'));
  server.get('/docs/*', options, async (request, reply) => {
    viewer ??= createViewer(documents, log);
    const { routing } = await viewer;
    reply.hijack();
    routing(request.raw, reply.raw);
  });
  server.addHook('onClose', async () => {
    await (await viewer)?.close();
  });
};

const createViewer = async (documents: readonly ApiDocument[], log: Log): Promise<FastifyInstance> => {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const answer = answerError(log);
  const viewer = fastify({ frameworkErrors: answer });
  correlate(viewer);
  viewer.setErrorHandler((error, request, reply) => {
    if (isRefusal(error)) return sendProblem(request, reply, notFound());
    return answer(error, request, reply);
  });
  viewer.setNotFoundHandler((request, reply) => sendProblem(request, reply, notFound()));
  await viewer.register(swagger);
  await viewer.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { urls: [...documents] },
  });
  await viewer.ready();
  return viewer;
};

const notFound = () => problem(404, 'not-found', 'There is nothing at this address.');

/** Files are refused for many reasons; for the caller none of them differs from a file that is not there. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode >= 400 &&
  error.statusCode < 500;

const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');
