import { type Context, currentContext, newContext, spanOf, withContext } from '@emporium/bus';
import { type Attributes, attribute, failSpan, failSpanAs, type Span, SpanKind } from '@emporium/telemetry';

/** A request to another process. */
export interface ClientRequest {
  readonly method: string;
  /** Whom it goes to, for people: `the carrier`. */
  readonly peer: string;
  readonly url: string;
  /** How often it was sent before. */
  readonly resends?: number;
  /** Instead of the current one. */
  readonly context?: Context;
  readonly attributes?: Attributes;
}

/**
 * Makes a request in a span of its own, which fails with it. Only the host is recorded of the URL: its path and its query may contain
 * what nobody should see. `context` is the one to pass on where the peer is one of ours; third parties get no trace context.
 */
export const inClientSpan = async <T>(
  { method, peer, url, resends = 0, attributes, ...request }: ClientRequest,
  send: (span: Span, context: Context) => Promise<T>,
): Promise<T> => {
  const { span, context } = spanOf(method, request.context ?? currentContext() ?? newContext(), {
    kind: SpanKind.CLIENT,
  });
  if (span.isRecording()) {
    span.setAttributes({
      [attribute.httpMethod]: method,
      [attribute.peer]: peer,
      [attribute.httpResend]: resends === 0 ? undefined : resends,
      ...serverOf(url),
      ...attributes,
    });
  }
  try {
    return await withContext(context, () => send(span, context));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
};

/** Records the status of the response. A 4xx may be an expected refusal: whoever knows better lets the span fail. */
export const recordStatus = (span: Span, status: number): void => {
  span.setAttribute(attribute.httpStatus, status);
  if (status >= 500) failSpanAs(span, String(status));
};

const serverOf = (url: string): Attributes => {
  if (!URL.canParse(url)) return {};
  const { hostname, port, protocol } = new URL(url);
  return {
    [attribute.serverAddress]: hostname,
    [attribute.serverPort]: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
};
