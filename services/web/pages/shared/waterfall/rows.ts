import type { Span } from './span.ts';

/** A row of the waterfall. */
export interface Row {
  readonly span: Span;
  /** The place of its span among all of them, which is unique where the id of a span is not. */
  readonly index: number;
  /** The number of spans below it. */
  readonly below: number;
}

/** The rows that are not inside a collapsed one. */
export const visibleRows = (spans: readonly Span[], collapsed: ReadonlySet<number>): readonly Row[] => {
  const below = countBelow(spans);
  const rows: Row[] = [];
  for (let index = 0; index < spans.length; index += 1) {
    const span = spans[index];
    if (span === undefined) break;
    rows.push({ span, index, below: below[index] ?? 0 });
    if (collapsed.has(index)) index += below[index] ?? 0;
  }
  return rows;
};

/** For each span the number of those that follow from it: the ones after it that are deeper. */
const countBelow = (spans: readonly Span[]): readonly number[] => {
  const counts = spans.map(() => 0);
  const open: number[] = [];
  const close = (depth: number, end: number): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if ((spans[top]?.depth ?? 0) < depth) return;
      counts[top] = end - top - 1;
      open.pop();
    }
  };
  for (const [index, { depth }] of spans.entries()) {
    close(depth, index);
    open.push(index);
  }
  close(0, spans.length);
  return counts;
};

/** A part of the time of a trace, in milliseconds since its start. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The time of the span at `index` with everything that follows from it; of the whole trace without one. */
export const rangeOf = (spans: readonly Span[], index?: number): Range => {
  const below = index === undefined ? spans.length : (countBelow(spans)[index] ?? 0);
  const part = index === undefined ? spans : spans.slice(index, index + 1 + below);
  const from = Math.min(...part.map(({ offsetMs }) => offsetMs));
  const to = Math.max(...part.map(({ offsetMs, durationMs }) => offsetMs + durationMs));
  return part.length === 0 ? { from: 0, to: 1 } : { from, to: Math.max(to, from + 0.001) };
};

/** Where a bar begins and how long it is, in per cent of the range; undefined where it is outside. */
export const barOf = (
  { offsetMs, durationMs }: Pick<Span, 'offsetMs' | 'durationMs'>,
  { from, to }: Range,
): { readonly left: number; readonly width: number } | undefined => {
  const begin = Math.max(offsetMs, from);
  const end = Math.min(offsetMs + durationMs, to);
  if (end < begin) return undefined;
  const percent = (ms: number): number => (ms / (to - from)) * 100;
  return { left: percent(begin - from), width: percent(end - begin) };
};

/** The part of a list of `count` rows that is drawn, with some more around what is seen. */
export const windowOf = (
  count: number,
  view: { readonly top: number; readonly height: number; readonly rowHeight: number },
): { readonly first: number; readonly end: number } => {
  const around = 10;
  const first = Math.max(0, Math.floor(view.top / view.rowHeight) - around);
  const end = Math.min(count, Math.ceil((view.top + view.height) / view.rowHeight) + around);
  return { first: Math.min(first, count), end };
};
