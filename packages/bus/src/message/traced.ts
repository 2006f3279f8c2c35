import {
  attribute,
  bindSpan,
  failSpan,
  type Span,
  type SpanOptions,
  startSpan,
  traceparentOf,
} from '@emporium/telemetry';
import { type Context, currentContext, newContext, withContext } from './context.ts';

/** A span's options, without its parent. */
export type Follow = Omit<SpanOptions, 'parent'>;

/** Starts a span that follows from `context`, and returns it with the context of what happens in it. The caller ends it. */
export const spanOf = (
  name: string,
  { correlationId, ...context }: Context,
  options: Follow = {},
): { readonly span: Span; readonly context: Context } => {
  const span = startSpan(name, { ...options, parent: context.traceparent });
  const within: Context = { ...context, correlationId, traceparent: traceparentOf(span) };
  if (span.isRecording()) {
    span.setAttribute(attribute.correlationId, correlationId);
    bindSpan(within, span);
  }
  return { span, context: within };
};

/**
 * Runs work in a span that follows from what is being handled, or from nothing; the work's own log lines, messages and spans belong to
 * it. The span ends with the work, and is marked as failed if that rejects.
 */
export const traced = async <T>(
  name: string,
  options: Follow,
  work: (span: Span) => Promise<T>,
): Promise<T> => {
  const { span, context } = spanOf(name, currentContext() ?? newContext(), options);
  try {
    return await withContext(context, () => work(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
};
