import { isTracing } from '../spans/tracing.ts';
import { isBeginning, parseTraceparent } from '../trace-context.ts';

/**
 * The exemplar of a sample: the span that it belongs to, if that is recorded, so that a link to the trace leads somewhere. The type of
 * the library wants the names of the metric's own labels, which an exemplar does not have.
 */
export const exemplarOf = (
  traceparent: string | undefined,
): { readonly exemplarLabels?: Record<never, string> } => {
  if (traceparent === undefined || !isTracing()) return {};
  const parent = parseTraceparent(traceparent);
  if (parent === undefined || !parent.isSampled || isBeginning(parent)) return {};
  return { exemplarLabels: { trace_id: parent.traceId, span_id: parent.spanId } };
};
