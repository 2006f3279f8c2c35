import { type Context, spanOf } from '@emporium/bus';
import { attribute, failSpanAs, type Span, SpanKind } from '@emporium/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const spans = new WeakMap<FastifyRequest, Span>();

/** Asked every few seconds by a machine: they would be most of all traces. */
const isProbe = (route: string | undefined): boolean =>
  route?.startsWith('/health/') === true || route === '/metrics';

/**
 * Starts the span of a request, and returns the context of what happens in it. The route says what is called; the path may contain what
 * nobody should see.
 */
export const beginRequestSpan = (request: FastifyRequest, context: Context): Context => {
  if (request.routeOptions.config.isTraced === false) return unrecorded(context);
  const route = request.routeOptions.url;
  if (isProbe(route)) return context;
  const { span, context: within } = spanOf(`${request.method} ${route ?? ''}`.trimEnd(), context, {
    kind: SpanKind.SERVER,
  });
  if (span.isRecording()) {
    span.setAttributes({
      [attribute.httpMethod]: request.method,
      [attribute.httpRoute]: route,
      [attribute.urlScheme]: request.protocol,
    });
    spans.set(request, span);
  }
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
    if (span !== undefined) {
      span.setAttribute(attribute.httpStatus, reply.statusCode);
      if (reply.statusCode >= 500) failSpanAs(span, String(reply.statusCode));
      span.end();
    }
    done();
  });
};
