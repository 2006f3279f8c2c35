import type { Context } from '@emporium/bus';
import { attribute, failSpan, isSampled, type Span, SpanKind, startSpan } from '@emporium/telemetry';

export interface SpannedDatabase {
  readonly service: string;
  /** The name of the database. */
  readonly namespace: string;
}

/**
 * The span of a transaction for these requests or messages. For one it is a child of its span. Several share a transaction that
 * belongs to none of them: it begins a trace of its own, with links to their spans, and is recorded if one of them is.
 */
const transactionSpan = ({ service, namespace }: SpannedDatabase, contexts: readonly Context[]): Span => {
  const [first, ...others] = contexts;
  const name = `transaction ${service}`;
  if (others.length === 0)
    return describe(startSpan(name, { kind: SpanKind.CLIENT, parent: first?.traceparent }), namespace);
  const links = contexts.flatMap(({ traceparent }) => (isSampled(traceparent) ? [traceparent] : []));
  const span = startSpan(name, { kind: SpanKind.CLIENT, links, isRecorded: links.length > 0 });
  return describe(span, namespace).setAttribute(attribute.databaseBatchSize, contexts.length);
};

const describe = (span: Span, namespace: string): Span => {
  if (!span.isRecording()) return span;
  return span.setAttributes({
    [attribute.databaseSystem]: 'postgresql',
    [attribute.databaseNamespace]: namespace,
    [attribute.databaseOperation]: 'transaction',
  });
};

/** Runs a transaction in a span, which fails with it. The spans of its work are children of the requests' and messages' own. */
export const inTransactionSpan = async <T>(
  database: SpannedDatabase,
  contexts: readonly Context[],
  work: (span: Span) => Promise<T>,
): Promise<T> => {
  const span = transactionSpan(database, contexts);
  try {
    return await work(span);
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
};
