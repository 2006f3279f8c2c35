import { type Context, spanOf } from '@emporium/bus';
import { attribute, failSpanAs, type Span, SpanKind, traceparentOf } from '@emporium/telemetry';
import type { FastifyRequest } from 'fastify';
import type { RequestEnd } from './request-end.ts';

const spans = new WeakMap<FastifyRequest, Span>();

/** Asked every few seconds by a machine: they would be most of all traces. */
const isProbe = (route: string | undefined): boolean =>
  route?.startsWith('/health/') === true || route === '/metrics';

/**
 * Starts the span of a request, and returns the context of what happens in it. The route says what is called; the path may contain what
 * nobody should see. `links`: the traceparents of others that it is about.
 */
export const beginRequestSpan = (
  request: FastifyRequest,
  context: Context,
  links: readonly string[] = [],
): Context => {
  if (request.routeOptions.config.isTraced === false) return unrecorded(context);
  const route = request.routeOptions.url;
  if (isProbe(route)) return context;
  const { span, context: within } = spanOf(`${request.method} ${route ?? ''}`.trimEnd(), context, {
    kind: SpanKind.SERVER,
    links,
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

/** That of the span of the request, if it is recorded. */
export const traceparentOfRequest = (request: FastifyRequest): string | undefined => {
  const span = spans.get(request);
  return span && traceparentOf(span);
};

/** Ends the span of a request, with the status of its response. */
export const endRequestSpan = (request: FastifyRequest, { status }: RequestEnd): void => {
  const span = spans.get(request);
  if (span === undefined) return;
  span.setAttribute(attribute.httpStatus, status);
  if (status >= 500) failSpanAs(span, String(status));
  span.end();
};
