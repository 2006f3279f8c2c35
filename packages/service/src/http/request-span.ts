import { type Context, spanOf } from '@emporium/bus';
import { attribute, type Span, SpanKind } from '@emporium/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const spans = new WeakMap<FastifyRequest, Span>();

/** Starts the span of a request, and returns the context of what happens in it. */
export const beginRequestSpan = (request: FastifyRequest, context: Context): Context => {
  if (request.routeOptions.config.isTraced === false) return unrecorded(context);
  const route = request.routeOptions.url;
  const { span, context: within } = spanOf(`${request.method} ${route ?? ''}`.trimEnd(), context, {
    kind: SpanKind.SERVER,
    attributes: {
      [attribute.httpMethod]: request.method,
      ...(route === undefined ? {} : { [attribute.httpRoute]: route }),
    },
  });
  spans.set(request, span);
  return within;
};

/** What follows from such a request is not recorded either. */
const unrecorded = (context: Context): Context => ({
  ...context,
  traceparent: `${context.traceparent.slice(0, -2)}00`,
});

/** Ends the spans of requests, with the status of their responses. */
export const endRequestSpans = (server: FastifyInstance): void => {
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.setAttribute(attribute.httpStatus, reply.statusCode);
    if (reply.statusCode >= 500) span?.setAttribute(attribute.errorType, String(reply.statusCode));
    span?.end();
    done();
  });
};
