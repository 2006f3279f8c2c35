import type { FastifyInstance } from 'fastify';
import type { Health } from '../health.ts';

/**
 * `/health/live` answers 200 while the process runs. `/health/ready` answers with the result of each check: 200 when the process
 * is ready or degraded, else 503.
 */
export const healthRoutes = (server: FastifyInstance, health: Health): void => {
  const schema = { hide: true };
  server.get('/health/live', { schema }, () => ({ status: 'live' }));
  server.get('/health/ready', { schema }, async (_request, reply) => {
    const readiness = await health.readiness();
    return reply.code(readiness.status === 'not-ready' ? 503 : 200).send(readiness);
  });
};
