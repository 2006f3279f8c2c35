import type { Span } from './span.ts';

/** One span in its place in the tree. */
export interface TraceNode {
  readonly span: Span;
  /** The number of spans above it. */
  readonly depth: number;
  /** The id of the span above it in the tree; undefined for the first. */
  readonly below: string | undefined;
  /** The span that it follows from is not known: it was dropped, is over an hour old, or was not recorded. It is below the first instead. */
  readonly isOrphan: boolean;
  /** It belongs to another trace, since messages of several requests share this transaction. */
  readonly isShared: boolean;
}

/** The spans of one trace, each below the span that it follows from. */
export interface TraceTree {
  readonly traceId: string;
  /** In the order in which the tree is read: a span, then what follows from it, by start. */
  readonly nodes: readonly TraceNode[];
  /** Spans that are left out, since there are more than `maxNodes`. */
  readonly leftOut: number;
}

export interface TreeOptions {
  /** Transactions that link to spans of this trace, and the spans that follow from them. They are shown below each span that they link to. */
  readonly shared?: readonly Span[];
  readonly maxNodes: number;
}

/**
 * Builds the tree of a trace, whatever the spans are: copies of one span count once, and spans that follow from each other in a circle
 * are shown once, as orphans. Neither is anything recursive, so that a trace may be as deep as it is long.
 */
export const buildTree = (
  traceId: string,
  spans: readonly Span[],
  { shared = [], maxNodes }: TreeOptions,
): TraceTree => {
  const own = unique(spans);
  const children = childrenOf([...own.values(), ...shared]);
  const transactions = linkedFrom(shared);
  const { first, orphans } = topOf(own);
  const nodes: TraceNode[] = [];
  const seen = new Set<string>();
  let leftOut = 0;

  const visit = (top: Open): void => {
    const open: Open[] = [top];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { span, depth, below, isOrphan, isShared, path } = next;
      // What is shared may be below several spans, but not below itself.
      if (isShared ? path.has(keyOf(span)) : seen.has(span.spanId)) continue;
      if (nodes.length >= maxNodes) {
        leftOut += isShared ? 0 : 1;
        if (!isShared) seen.add(span.spanId);
      } else {
        if (!isShared) seen.add(span.spanId);
        nodes.push({ span, depth, below, isOrphan, isShared });
      }
      const inside = isShared ? new Set([...path, keyOf(span)]) : path;
      const follows = [
        ...(children.get(keyOf(span)) ?? []).map((child) => ({ child, isOrphan: false, isShared })),
        ...(isShared ? [] : (transactions.get(keyOf(span)) ?? [])).map((child) => ({
          ...{ child, isOrphan: false, isShared: true },
        })),
        ...(span === first ? orphans : []).map((child) => ({ child, isOrphan: true, isShared: false })),
      ].sort((one, other) => other.child.start - one.child.start);
      for (const { child, ...how } of follows)
        open.push({ ...how, span: child, depth: depth + 1, below: span.spanId, path: inside });
    }
  };

  if (first !== undefined) {
    // A client may have begun the trace, with a span that only the client knows.
    visit({ ...{ span: first, depth: 0, below: undefined }, isOrphan: false, isShared: false, path: noPath });
    // A circle is below nothing.
    for (const span of byStart(own.values()))
      if (!seen.has(span.spanId))
        visit({ ...{ span, depth: 1, below: first.spanId }, isOrphan: true, isShared: false, path: noPath });
  }
  return { traceId, nodes, leftOut };
};

interface Open extends TraceNode {
  /** The shared spans above it. */
  readonly path: ReadonlySet<string>;
}

const noPath: ReadonlySet<string> = new Set();

const keyOf = ({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): string =>
  `${traceId}-${spanId}`;

const byStart = (spans: Iterable<Span>): Span[] => [...spans].sort((one, other) => one.start - other.start);

/** An exporter that got no answer sends its spans again. */
const unique = (spans: readonly Span[]): ReadonlyMap<string, Span> => {
  const found = new Map<string, Span>();
  for (const span of spans) if (!found.has(span.spanId)) found.set(span.spanId, span);
  return found;
};

const childrenOf = (spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> => {
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.parentId === undefined) continue;
    const key = keyOf({ traceId: span.traceId, spanId: span.parentId });
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [span]);
    else siblings.push(span);
  }
  return children;
};

const linkedFrom = (shared: readonly Span[]): ReadonlyMap<string, readonly Span[]> => {
  const linked = new Map<string, Span[]>();
  for (const span of shared)
    for (const key of new Set(span.links.map(keyOf))) linked.set(key, [...(linked.get(key) ?? []), span]);
  return linked;
};

/** The first span, and the others whose parent is not known. */
const topOf = (own: ReadonlyMap<string, Span>) => {
  const spans = byStart(own.values());
  const orphans = spans.filter(({ parentId }) => parentId === undefined || !own.has(parentId));
  const first = orphans.find(({ parentId }) => parentId === undefined) ?? orphans[0] ?? spans[0];
  return { first, orphans: orphans.filter((span) => span !== first) };
};
