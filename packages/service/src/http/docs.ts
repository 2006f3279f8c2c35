import fastify, { type FastifyInstance } from 'fastify';
import type { Log } from '../log.ts';
import { correlate } from './correlation.ts';
import { createErrorHandler, sendProblem } from './problems/errors.ts';
import { problem } from './problems/problem.ts';

/** An OpenAPI document that `/docs` shows. */
export interface ApiDocument {
  readonly name: string;
  readonly url: string;
}

/**
 * Shows OpenAPI documents at `/docs`. Swagger UI has its own server, created by the first request, because it takes 5 MB and most
 * processes never need it.
 */
export const showDocs = (server: FastifyInstance, documents: readonly ApiDocument[], log: Log): void => {
  let viewer: Promise<FastifyInstance> | undefined;
  const options = { schema: { hide: true } };
  server.get('/docs', options, (_request, reply) => reply.redirect('/docs/'));
  server.get('/docs/*', options, async (request, reply) => {
    viewer ??= createViewer(documents, { log, isPublic: !server.continuesTraces });
    const { routing } = await viewer;
    reply.hijack();
    routing(request.raw, reply.raw);
  });
  server.addHook('onClose', async () => {
    await (await viewer)?.close();
  });
};

const createViewer = async (
  documents: readonly ApiDocument[],
  { log, isPublic }: { readonly log: Log; readonly isPublic: boolean },
): Promise<FastifyInstance> => {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const errorHandler = createErrorHandler(log);
  const viewer = fastify({ frameworkErrors: errorHandler });
  correlate(viewer, isPublic);
  viewer.setErrorHandler((error, request, reply) => {
    if (isClientError(error)) return sendProblem(request, reply, notFound());
    return errorHandler(error, request, reply);
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

/** Why a file is not served makes no difference to the caller. */
const isClientError = (error: unknown): boolean =>
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
