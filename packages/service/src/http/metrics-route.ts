import { metricsEnabled, scrape } from '@emporium/telemetry';
import type { FastifyInstance } from 'fastify';

/** `/metrics` answers with the metrics of this process, for Prometheus. There is no such route with `METRICS=off`. */
export const metricsRoute = (server: FastifyInstance): void => {
  if (!metricsEnabled()) return;
  server.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const { contentType, text } = await scrape(request.headers.accept);
    return reply.type(contentType).send(text);
  });
};
