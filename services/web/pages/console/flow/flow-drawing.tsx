import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type FlowEdge, type FlowGraph, type FlowNode, rateText } from './flow-graph.ts';
import { type FlowLayout, nodeSize, type Point } from './flow-layout.ts';
import { type MovingMessages, moveMessages } from './moving-messages.ts';
import { viewportAfterKey, whole, zoom } from './viewport.ts';

export interface Health {
  readonly state: string;
  readonly version?: string;
}

interface FlowDrawingProps {
  readonly graph: FlowGraph;
  readonly layout: FlowLayout;
  readonly healthOf: (service: string) => Health | undefined;
  readonly selected: string | undefined;
  readonly select: (selection: { readonly edge: string } | { readonly service: string }) => void;
  /** Gives what moves dots along edges, by their ids. */
  readonly onMoving: (send: SendAlong) => void;
}

export type SendAlong = (edge: string, isError: boolean, delayMs: number) => void;

/** The graph, which can be moved and zoomed with a pointer, buttons and keys. */
export const FlowDrawing = (props: FlowDrawingProps): JSX.Element => {
  const { graph, layout, healthOf, selected, select, onMoving } = props;
  const view = useSignal(whole);
  const svg = useRef<SVGSVGElement>(null);
  const dots = useRef<SVGGElement>(null);

  useEffect(() => {
    const layer = dots.current;
    if (layer === null) return;
    const moving: MovingMessages = moveMessages(layer);
    onMoving((edge, isError, delayMs) => {
      const line = svg.current?.querySelector(`[data-line="${CSS.escape(edge)}"]`);
      if (line instanceof SVGPathElement) moving.send(line, isError, delayMs);
    });
    return () => moving.clear();
  }, [layout]);

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = viewportAfterKey(view.value, event.key, layout);
    if (next === undefined) return;
    event.preventDefault();
    view.value = next;
  };
  const { x, y, scale } = view.value;
  return (
    <div class="flow-drawing">
      <div class="flow-zoom">
        <ZoomButton text="+" label="Closer" act={() => (view.value = zoom(view.value, 1.25, layout))} />
        <ZoomButton text="−" label="Further away" act={() => (view.value = zoom(view.value, 0.8, layout))} />
        <ZoomButton text="All" label="Show the whole" act={() => (view.value = whole)} />
      </div>
      <svg
        ref={svg}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved with the arrow keys, as a scrollable region is
        tabIndex={0}
        aria-label="Services and the messages between them. Arrow keys move the drawing, plus and minus zoom. The same is in the table below."
        viewBox={`${x} ${y} ${layout.width / scale} ${layout.height / scale}`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          const moved = dragged(event, svg.current, (right, down) => {
            const perPixel = layout.width / scale / (svg.current?.clientWidth || 1);
            view.value = { ...view.value, x: x - right * perPixel, y: y - down * perPixel };
          });
          if (moved) event.preventDefault();
        }}
        onWheel={(event) => {
          if (!event.ctrlKey) return;
          event.preventDefault();
          view.value = zoom(view.value, event.deltaY < 0 ? 1.1 : 0.9, layout);
        }}
      >
        <defs>
          <marker
            id="flow-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth="9"
            markerHeight="9"
            orient="auto-start-reverse"
          >
            <path d="M0,0 L8,4 L0,8 Z" />
          </marker>
        </defs>
        {graph.edges.map((edge) => {
          const placed = layout.edges.get(edge.id);
          return placed === undefined ? null : (
            <EdgeLine
              key={edge.id}
              edge={edge}
              {...placed}
              isSelected={selected === edge.id}
              select={select}
            />
          );
        })}
        <g ref={dots} />
        {graph.nodes.map((node) => {
          const place = layout.nodes.get(node.name);
          return place === undefined ? null : (
            <NodeBox
              key={node.name}
              node={node}
              place={place}
              health={healthOf(node.name)}
              isSelected={selected === node.name}
              select={select}
            />
          );
        })}
      </svg>
    </div>
  );
};

/** Follows a pointer that went down on the drawing, outside of what can be pressed. */
const dragged = (
  event: PointerEvent,
  svg: SVGSVGElement | null,
  move: (right: number, down: number) => void,
): boolean => {
  const { target, clientX, clientY, pointerId, pointerType } = event;
  const onPart = target instanceof Element && target.closest('[role="button"]') !== null;
  // A finger scrolls the page.
  if (svg === null || onPart || event.button !== 0 || pointerType === 'touch') return false;
  svg.setPointerCapture(pointerId);
  const follow = (later: PointerEvent): void => move(later.clientX - clientX, later.clientY - clientY);
  svg.addEventListener('pointermove', follow);
  svg.addEventListener('lostpointercapture', () => svg.removeEventListener('pointermove', follow), {
    once: true,
  });
  return true;
};

interface ZoomButtonProps {
  readonly text: string;
  readonly label: string;
  readonly act: () => void;
}

const ZoomButton = ({ text, label, act }: ZoomButtonProps): JSX.Element => (
  <button type="button" aria-label={label} title={label} onClick={act}>
    {text}
  </button>
);

type Select = FlowDrawingProps['select'];

/** Presses by pointer, Enter and space. */
const pressable = (press: () => void) => ({
  onClick: press,
  onKeyDown: (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    press();
  },
});

interface EdgeLineProps {
  readonly edge: FlowEdge;
  readonly line: string;
  readonly label: Point;
  readonly isSelected: boolean;
  readonly select: Select;
}

const EdgeLine = ({ edge, line, label, isSelected, select }: EdgeLineProps): JSX.Element => {
  const rate = rateText(edge.ratePerSecond);
  const text = [rate, edge.waiting > 0 ? `${edge.waiting} wait` : ''].filter(Boolean).join(' · ');
  const look = edge.errors > 0 ? 'bad' : edge.isPaused ? 'warn' : rate === '' ? 'idle' : '';
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      class={`flow-edge ${edge.kind} ${look} ${isSelected ? 'selected' : ''}`}
      role="button"
      tabIndex={0}
      {...pressable(() => select({ edge: edge.id }))}
      aria-label={edgeLabel(edge)}
      aria-pressed={isSelected}
    >
      <title>{edgeLabel(edge)}</title>
      <path class="hit" d={line} />
      <path
        class="line"
        d={line}
        data-line={edge.id}
        marker-end="url(#flow-arrow)"
        stroke-width={widthOf(edge.ratePerSecond)}
      />
      {text === '' && !edge.isPaused ? null : (
        <text x={label.x} y={label.y}>
          {edge.isPaused ? '⏸ ' : ''}
          {text}
        </text>
      )}
    </g>
  );
};

/** Thicker by the power of ten. */
const widthOf = (perSecond: number): number =>
  perSecond <= 0 ? 1 : 1.5 + Math.max(0, Math.log10(perSecond * 10));

const edgeLabel = ({ from, to, kind, ratePerSecond, errors, waiting, isPaused }: FlowEdge): string =>
  [
    `${kind === 'message' ? 'Messages' : 'Requests'} from ${from} to ${to}`,
    rateText(ratePerSecond) || 'none now',
    ...(errors > 0 ? [`${errors} errors`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(isPaused ? ['paused'] : []),
  ].join(', ');

interface NodeBoxProps {
  readonly node: FlowNode;
  readonly place: Point;
  readonly health: Health | undefined;
  readonly isSelected: boolean;
  readonly select: Select;
}

const NodeBox = ({
  node: { name, kind, waiting },
  place,
  health,
  isSelected,
  select,
}: NodeBoxProps): JSX.Element => {
  const { width, height } = nodeSize;
  const state = health?.state ?? (kind === 'service' ? 'unknown' : kind);
  const below = waiting > 0 ? `${state}, ${waiting} waiting` : state;
  const box = (
    <>
      <rect width={width} height={height} rx="7" />
      <circle class="lamp" cx="14" cy={height / 2} r="4.5" />
      <text x="27" y={height / 2 - 3}>
        {name}
      </text>
      <text class="small" x="27" y={height / 2 + 13}>
        {below}
      </text>
    </>
  );
  const transform = `translate(${place.x - width / 2} ${place.y - height / 2})`;
  if (kind !== 'service')
    return (
      <g class={`flow-node ${kind}`} transform={transform}>
        {box}
      </g>
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      class={`flow-node ${lookOfState(state)} ${isSelected ? 'selected' : ''}`}
      transform={transform}
      role="button"
      tabIndex={0}
      {...pressable(() => select({ service: name }))}
      aria-label={`${name}, ${below}`}
      aria-pressed={isSelected}
    >
      {box}
    </g>
  );
};

/** How the state of a process looks. */
export const lookOfState = (state: string): string =>
  ({ ready: 'good', degraded: 'warn', 'not-ready': 'warn', away: 'bad' })[state] ?? '';
