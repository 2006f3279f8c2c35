import { attemptOf, type Span } from '../../../shared/waterfall/span.ts';

/** A message, call, task or mail on its way from one lane to another. */
export interface Arrow {
  readonly spanId: string;
  readonly kind: 'message' | 'call' | 'task' | 'mail';
  readonly from: string;
  /** Undefined: nothing was seen to handle it. */
  readonly to?: string;
  readonly name: string;
  /** Milliseconds since the start of the trace, when it arrived; when it was sent where it did not. */
  readonly atMs: number;
  readonly state: 'ok' | 'error' | 'retry' | 'dead letter';
  readonly attempt: number;
}

const deliveries = ['message handled', 'retry', 'dead letter'];

/** What went between services, in the order of time, from the spans of a trace in the order of its tree. */
export const arrowsOf = (spans: readonly Span[]): readonly Arrow[] => {
  const arrows: Arrow[] = [];
  const path: Span[] = [];
  for (const [index, span] of spans.entries()) {
    path.length = Math.min(path.length, span.depth);
    const arrow = arrowOf(span, path, spans[index + 1]);
    if (arrow !== undefined) arrows.push(arrow);
    path.push(span);
  }
  return [...arrows, ...unhandled(spans)].toSorted((one, other) => one.atMs - other.atMs);
};

/** `path`: the spans above it; `next`: the one after it, which is below it if it is deeper. */
const arrowOf = (span: Span, path: readonly Span[], next: Span | undefined): Arrow | undefined => {
  const above = path.at(-1);
  if (deliveries.includes(span.kind)) {
    const sender = path.findLast(({ kind }) => kind === 'message created' || kind === 'replay') ?? above;
    return arrow(span, 'message', sender?.service ?? 'unknown', span.service);
  }
  if (span.kind === 'call') {
    const isOurs = next !== undefined && next.depth > span.depth && next.kind === 'request';
    const to = isOurs ? next.service : (textOf(span, 'service.peer.name') ?? 'outside');
    return { ...arrow(span, 'call', span.service, to), name: isOurs ? next.name : span.name };
  }
  if (span.kind === 'mail')
    return arrow(span, 'mail', span.service, textOf(span, 'service.peer.name') ?? 'the mail server');
  if (span.kind === 'task' && above?.kind === 'task') return arrow(span, 'task', above.service, span.service);
  return undefined;
};

const arrow = (span: Span, kind: Arrow['kind'], from: string, to: string): Arrow => ({
  ...{ spanId: span.spanId, kind, from, to, name: nameOf(span), atMs: span.offsetMs },
  ...{ state: stateOf(span), attempt: attemptOf(span) ?? 1 },
});

const stateOf = ({ kind, status }: Span): Arrow['state'] => {
  if (kind === 'retry' || kind === 'dead letter') return kind;
  return status === 'error' ? 'error' : 'ok';
};

/** The contract, the task or the template rather than the name of the span. */
const nameOf = (span: Span): string =>
  textOf(span, 'emporium.message.type') ??
  textOf(span, 'emporium.task.name') ??
  textOf(span, 'emporium.mail.template') ??
  span.name;

const textOf = ({ attributes }: Span, key: string): string | undefined => {
  const value = attributes[key];
  return typeof value === 'string' ? value : undefined;
};

/** Messages that were created, and that no service was seen to handle. */
const unhandled = (spans: readonly Span[]): readonly Arrow[] =>
  spans.flatMap((span, index) => {
    if (span.kind !== 'message created') return [];
    for (let at = index + 1; at < spans.length; at += 1) {
      const below = spans[at];
      if (below === undefined || below.depth <= span.depth) break;
      if (below.depth === span.depth + 1 && deliveries.includes(below.kind)) return [];
    }
    const { to: _, ...sent } = arrow(span, 'message', span.service, '');
    return [sent];
  });

/** Every participant, in the order of its first arrow. */
export const lanesOf = (arrows: readonly Arrow[]): readonly string[] => [
  ...new Set(arrows.flatMap(({ from, to }) => (to === undefined ? [from] : [from, to]))),
];
