import type { CollectedSpan } from './collector.ts';

/** The spans of one trace, and how they hang together. */
export interface TraceTree {
  readonly spans: readonly CollectedSpan[];
  /** Spans whose parent is not there. */
  readonly orphans: readonly CollectedSpan[];
  /** From the first ancestor to the span itself: `service: name`. */
  pathTo(span: CollectedSpan): string[];
}

export const treeOf = (all: readonly CollectedSpan[], traceId: string | undefined): TraceTree => {
  const spans = all.filter((span) => span.traceId === traceId);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = ({ parentSpanId }: CollectedSpan) =>
    parentSpanId === undefined ? undefined : byId.get(parentSpanId);
  const pathTo = (span: CollectedSpan): string[] => {
    const parent = parentOf(span);
    const self = `${span.service}: ${span.name}`;
    return parent === undefined ? [self] : [...pathTo(parent), self];
  };
  return {
    spans,
    orphans: spans.filter((span) => span.parentSpanId !== undefined && parentOf(span) === undefined),
    pathTo,
  };
};
