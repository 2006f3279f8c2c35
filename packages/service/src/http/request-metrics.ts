import type { FastifyRequest } from 'fastify';
import { serverDuration } from '../metrics.ts';
import type { RequestEnd } from './request-end.ts';
import { traceparentOfRequest } from './request-span.ts';

const methods: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'],
]);

/**
 * Counts a request by route and status. Unknown addresses share a route, and unknown methods a name, so that callers add no series. An
 * event stream is left out: how long it lasts is up to its client, and says nothing about the server.
 */
export const measureRequest = (
  request: FastifyRequest,
  { status, durationMs, isStream }: RequestEnd,
): void => {
  if (isStream) return;
  const route = request.is404 ? undefined : request.routeOptions.url;
  serverDuration.observe(
    durationMs / 1_000,
    {
      http_request_method: methods.has(request.method) ? request.method : '_OTHER',
      http_route: route ?? 'unknown',
      http_response_status_code: String(status),
    },
    traceparentOfRequest(request),
  );
};
