import type { FastifyInstance } from 'fastify';
import { serverDuration } from '../metrics.ts';
import { correlationOf } from './correlation.ts';

const methods: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'],
]);

/** Counts requests by route and status. Unknown addresses share a route, and unknown methods a name, so that callers add no series. */
export const measureRequests = (server: FastifyInstance): void => {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    serverDuration.observe(
      reply.elapsedTime / 1_000,
      {
        http_request_method: methods.has(request.method) ? request.method : '_OTHER',
        http_route: route ?? 'unknown',
        http_response_status_code: String(reply.statusCode),
      },
      correlationOf(request).traceparent,
    );
    done();
  });
};
