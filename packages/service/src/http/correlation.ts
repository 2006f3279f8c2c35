import type { IncomingHttpHeaders } from 'node:http';
import { type Context, newContext, withContext } from '@emporium/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { beginRequestSpan } from './request-span.ts';

declare module 'fastify' {
  interface FastifyRequest {
    correlation: Context | null;
  }
  interface FastifyInstance {
    continuesTraces: boolean;
  }
}

export const correlationHeader = 'x-correlation-id';

/** The context from the headers of a request. A malformed or overlong value is replaced and never echoed. */
export const contextOf = (headers: IncomingHttpHeaders): Context => {
  const correlationId = single(headers[correlationHeader]) ?? '';
  return newContext({
    ...(/^[\w.:-]{8,64}$/.test(correlationId) ? { correlationId } : {}),
    traceparent: single(headers.traceparent) ?? '',
    tracestate: single(headers.tracestate) ?? '',
  });
};

/**
 * Runs every request in its context, and adds the correlation id to the headers of every response. On a public server the trace of the
 * caller is not continued: anybody could switch off or force the recording, or write into the trace of somebody else.
 */
export const correlate = (server: FastifyInstance, isPublic: boolean): void => {
  server.decorate('continuesTraces', !isPublic);
  server.decorateRequest('correlation', null);
  server.addHook('onRequest', (request, reply, done) => {
    const context = correlationOf(request);
    reply.header(correlationHeader, context.correlationId);
    withContext(context, done);
  });
  // The body is parsed in events of the socket, outside the request's context: enter it again.
  server.addHook('preValidation', (request, _reply, done) => withContext(correlationOf(request), done));
};

/** The context of the request; available before the hooks have run. */
export const correlationOf = (request: FastifyRequest): Context => {
  request.correlation ??= request.server.continuesTraces
    ? beginRequestSpan(request, contextOf(request.headers))
    : beginTrace(request);
  return request.correlation;
};

const beginTrace = (request: FastifyRequest): Context => {
  const { traceparent = '', [correlationHeader]: correlationId } = request.headers;
  const context = contextOf({ [correlationHeader]: correlationId });
  return beginRequestSpan(request, context, [single(traceparent) ?? '']);
};

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;
