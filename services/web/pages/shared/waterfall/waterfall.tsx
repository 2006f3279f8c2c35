import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatDuration } from '../format.ts';
import { serviceClass } from '../service-colour.ts';
import '../service-colour.css';
import { barOf, type Range, type Row, rangeOf, visibleRows, windowOf } from './rows.ts';
import { attemptOf, type Span } from './span.ts';
import './waterfall.css';

interface WaterfallProps {
  readonly spans: readonly Span[];
  /** The id of the selected span, and of the one whose time fills the width. */
  readonly selected: string | undefined;
  readonly zoomed?: string | undefined;
  readonly select: (spanId: string) => void;
  readonly label: string;
}

/** As in `waterfall.css`. */
const rowHeight = 28;

/** A trace as a tree of rows with a bar each; only the rows that are seen are in the document. */
export const Waterfall = ({ spans, selected, zoomed, select, label }: WaterfallProps): JSX.Element => {
  const collapsed = useSignal<ReadonlySet<number>>(new Set());
  const focused = useSignal(0);
  const view = useSignal({ top: 0, height: 600 });
  const box = useRef<HTMLDivElement>(null);

  const rows = visibleRows(spans, collapsed.value);
  const zoomedIndex = spans.findIndex(({ spanId }) => spanId === zoomed);
  const range = rangeOf(spans, zoomedIndex === -1 ? undefined : zoomedIndex);
  const { first, end } = windowOf(rows.length, { ...view.value, rowHeight });
  const current = Math.min(focused.value, rows.length - 1);

  const measure = (): void => {
    const element = box.current;
    if (element !== null) view.value = { top: element.scrollTop, height: element.clientHeight };
  };
  // The selected span of a shared address is not always among the first.
  useEffect(() => {
    const at = rows.findIndex(({ span }) => span.spanId === selected);
    if (at > 0) focused.value = at;
    if (at > 0 && box.current !== null)
      box.current.scrollTop = Math.max(0, at * rowHeight - box.current.clientHeight / 2);
    measure();
  }, []);

  const toggle = ({ index, below }: Row, isOpen: boolean): void => {
    if (below === 0) return;
    const next = new Set(collapsed.value);
    if (isOpen) next.delete(index);
    else next.add(index);
    collapsed.value = next;
  };
  const focus = (to: number): void => {
    const target = Math.max(0, Math.min(rows.length - 1, to));
    focused.value = target;
    const element = box.current;
    if (element === null) return;
    const top = target * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight;
    measure();
    requestAnimationFrame(() => element.querySelector<HTMLElement>(`[data-row="${target}"]`)?.focus());
  };
  const keys: Readonly<Record<string, (row: Row) => void>> = {
    ArrowDown: () => focus(current + 1),
    ArrowUp: () => focus(current - 1),
    Home: () => focus(0),
    End: () => focus(rows.length - 1),
    ArrowRight: (row) => (collapsed.value.has(row.index) ? toggle(row, true) : focus(current + 1)),
    ArrowLeft: (row) => {
      if (row.below > 0 && !collapsed.value.has(row.index)) toggle(row, false);
      else focus(aboveOf(rows, current));
    },
    Enter: ({ span }) => select(span.spanId),
    ' ': ({ span }) => select(span.spanId),
  };

  return (
    <div class="waterfall">
      <Scale range={range} />
      <div
        class="waterfall-rows"
        ref={box}
        role="tree"
        aria-label={label}
        tabIndex={-1}
        onScroll={measure}
        onKeyDown={(event) => {
          const row = rows[current];
          const key = keys[event.key];
          if (row === undefined || key === undefined) return;
          event.preventDefault();
          key(row);
        }}
      >
        <div role="none" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(first, end).map((row, offset) => (
            <WaterfallRow
              key={row.index}
              row={row}
              place={first + offset}
              range={range}
              isSelected={row.span.spanId === selected}
              isCollapsed={collapsed.value.has(row.index)}
              isCurrent={first + offset === current}
              select={() => {
                focused.value = first + offset;
                select(row.span.spanId);
              }}
              toggle={(isOpen) => toggle(row, isOpen)}
            />
          ))}
        </div>
      </div>
    </div>
  );
};

/** The nearest row above that is less deep. */
const aboveOf = (rows: readonly Row[], at: number): number => {
  const depth = rows[at]?.span.depth ?? 0;
  for (let above = at - 1; above >= 0; above -= 1) if ((rows[above]?.span.depth ?? 0) < depth) return above;
  return at;
};

const Scale = ({ range: { from, to } }: { readonly range: Range }): JSX.Element => (
  <div class="waterfall-scale" aria-hidden="true">
    <span />
    <span class="ticks">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span key={part}>{formatDuration(from + (to - from) * part)}</span>
      ))}
    </span>
  </div>
);

interface RowProps {
  readonly row: Row;
  readonly place: number;
  readonly range: Range;
  readonly isSelected: boolean;
  readonly isCollapsed: boolean;
  readonly isCurrent: boolean;
  readonly select: () => void;
  readonly toggle: (isOpen: boolean) => void;
}

const WaterfallRow = ({
  row: { span, below },
  place,
  range,
  isSelected,
  isCollapsed,
  isCurrent,
  select,
  toggle,
}: RowProps): JSX.Element => {
  const bar = barOf(span, range);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all its rows
    <div
      class={`waterfall-row ${serviceClass(span.service)}${span.status === 'error' ? ' error' : ''}`}
      role="treeitem"
      data-row={place}
      tabIndex={isCurrent ? 0 : -1}
      aria-level={span.depth + 1}
      aria-selected={isSelected}
      aria-expanded={below === 0 ? undefined : !isCollapsed}
      style={{ top: `${place * rowHeight}px` }}
      onClick={select}
    >
      <span class="waterfall-name" style={{ '--depth': Math.min(span.depth, 24) }}>
        <span
          class="waterfall-toggle"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            toggle(isCollapsed);
          }}
        >
          {below === 0 ? '' : isCollapsed ? '▸' : '▾'}
        </span>
        <span class="waterfall-service">{span.service}</span> <Marks span={span} />
        {span.name}
        {isCollapsed ? <span class="soft"> +{below}</span> : null}
      </span>
      <span class="waterfall-track">
        {bar === undefined ? null : (
          <span class="waterfall-bar" style={{ left: `${bar.left}%`, width: `${bar.width}%` }} />
        )}
        <span class="waterfall-time" style={labelPlace(bar)}>
          {formatDuration(span.durationMs)}
        </span>
      </span>
    </div>
  );
};

/** What is unusual about a span, in words. */
const Marks = ({ span }: { readonly span: Span }): JSX.Element => {
  const attempt = attemptOf(span) ?? 1;
  const marks: readonly (readonly [text: string, look: string, isShown: boolean])[] = [
    ['error', 'bad', span.status === 'error' && span.kind !== 'retry' && span.kind !== 'dead letter'],
    [span.kind, 'bad', span.kind === 'dead letter'],
    [span.kind, 'warn', span.kind === 'retry'],
    [span.kind, '', span.kind === 'replay' || span.kind === 'deadline'],
    [`attempt ${attempt}`, 'warn', attempt > 1],
    [`shared with ${span.sharedWith ?? 0}`, '', (span.sharedWith ?? 0) > 0],
    ['parent missing', 'warn', span.parentMissing === true],
  ];
  return (
    <>
      {marks.map(([text, look, isShown]) =>
        isShown ? (
          <span key={text} class={`badge ${look}`}>
            {text}
          </span>
        ) : null,
      )}
    </>
  );
};

/** Beside its bar: after it, or before it where there is no room. */
const labelPlace = (bar: ReturnType<typeof barOf>): Record<string, string> => {
  const end = bar === undefined ? 0 : bar.left + bar.width;
  if (bar !== undefined && end > 80) return { right: `${100 - bar.left}%` };
  return { left: `${end}%` };
};
