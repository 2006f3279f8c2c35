import { scrape } from '@emporium/telemetry';
import type { FastifyInstance } from 'fastify';

/** `/metrics` answers with the metrics of this process in the OpenMetrics format, for Prometheus. */
export const metricsRoute = (server: FastifyInstance): void => {
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { contentType, text } = await scrape();
    return reply.type(contentType).send(text);
  });
};
