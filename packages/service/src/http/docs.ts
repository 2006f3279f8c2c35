import fastify, { type FastifyInstance } from 'fastify';

/** An OpenAPI document that `/docs` shows. */
export interface ApiDocument {
  readonly name: string;
  readonly url: string;
}

/**
 * Shows OpenAPI documents to people at `/docs`. Swagger UI lives in a server of its own that is made by the first visit:
 * it takes 5 MB, and most processes are never visited.
 */
export const showDocs = (server: FastifyInstance, documents: readonly ApiDocument[]): void => {
  let viewer: Promise<FastifyInstance> | undefined;
  const options = { schema: { hide: true } };
  server.get('/docs', options, (_request, reply) => reply.redirect('/docs/'));
  server.get('/docs/*', options, async (request, reply) => {
    viewer ??= createViewer(documents);
    const { routing } = await viewer;
    reply.hijack();
    routing(request.raw, reply.raw);
  });
  server.addHook('onClose', async () => {
    await (await viewer)?.close();
  });
};

const createViewer = async (documents: readonly ApiDocument[]): Promise<FastifyInstance> => {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const viewer = fastify();
  await viewer.register(swagger);
  await viewer.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    uiConfig: { urls: [...documents] },
  });
  await viewer.ready();
  return viewer;
};

const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');
