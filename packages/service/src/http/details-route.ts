import type { FastifyInstance } from 'fastify';
import type { DetailsReader } from '../process-details.ts';

/**
 * `/health/details` answers, always with 200, what the process knows about itself; with `?figures=no` only what costs nothing. It is
 * for the shop's own network: it contains texts of errors.
 */
export const detailsRoute = (server: FastifyInstance, details: DetailsReader): void => {
  server.get<{ Querystring: { readonly figures?: string } }>(
    '/health/details',
    { schema: { hide: true } },
    ({ query }) => details({ figures: query.figures !== 'no' }),
  );
};
