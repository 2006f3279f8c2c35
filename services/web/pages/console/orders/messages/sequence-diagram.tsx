import type { JSX } from 'preact';
import { formatDuration } from '../../../shared/format.ts';
import { serviceClass } from '../../../shared/service-colour.ts';
import '../../../shared/service-colour.css';
import { type Arrow, lanesOf } from './arrows.ts';
import './sequence-diagram.css';

interface DiagramProps {
  readonly arrows: readonly Arrow[];
  /** Where an arrow leads. */
  readonly hrefOf: (arrow: Arrow) => string;
}

const laneWidth = 128;
const rowHeight = 30;

/** A lane for each service, and an arrow for each message in the order of time. What the arrows say is also in the list of links above them. */
export const SequenceDiagram = ({ arrows, hrefOf }: DiagramProps): JSX.Element => {
  const lanes = lanesOf(arrows);
  const width = lanes.length * laneWidth;
  const height = arrows.length * rowHeight + rowHeight / 2;
  const middle = (lane: string): number => lanes.indexOf(lane) * laneWidth + laneWidth / 2;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
    <section class="sequence" aria-label="Messages between the services, in the order of time" tabIndex={0}>
      <div class="sequence-lanes" style={{ width: `${width}px` }}>
        {lanes.map((lane) => (
          <span key={lane} class={serviceClass(lane)} style={{ width: `${laneWidth}px` }}>
            {lane}
          </span>
        ))}
      </div>
      <div class="sequence-body" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {lanes.map((lane) => (
            <line
              key={lane}
              class={`lane ${serviceClass(lane)}`}
              x1={middle(lane)}
              x2={middle(lane)}
              y1={0}
              y2={height}
            />
          ))}
          {arrows.map((arrow, index) => (
            <ArrowLine key={`${arrow.spanId}${index}`} arrow={arrow} y={yOf(index)} middle={middle} />
          ))}
        </svg>
        <ol>
          {arrows.map((arrow, index) => (
            <li
              key={`${arrow.spanId}${index}`}
              style={{ top: `${yOf(index) - 22}px`, left: `${labelLeft(arrow, middle)}px` }}
            >
              <a class={arrow.state.replace(' ', '-')} href={hrefOf(arrow)}>
                {arrow.name}
                {markOf(arrow)}
                <span class="visually-hidden">
                  , {arrow.kind} from {arrow.from} to {arrow.to ?? 'nobody yet'}, after{' '}
                  {formatDuration(arrow.atMs)}
                </span>
              </a>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
};

const yOf = (index: number): number => index * rowHeight + rowHeight - 4;

/** What is unusual, in words. */
export const markOf = ({ state, attempt, to }: Arrow): string => {
  const parts = [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(state === 'ok' ? [] : [state]),
    ...(to === undefined ? ['not handled'] : []),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
};

const labelLeft = ({ from, to }: Arrow, middle: (lane: string) => number): number =>
  Math.min(middle(from), middle(to ?? from)) + 6;

interface LineProps {
  readonly arrow: Arrow;
  readonly y: number;
  readonly middle: (lane: string) => number;
}

/** To itself, a loop; to nobody, half a lane. */
const ArrowLine = ({ arrow: { from, to, kind, state }, y, middle }: LineProps): JSX.Element => {
  const begin = middle(from);
  const end = to === undefined ? begin + laneWidth / 2 : middle(to);
  const points = to === from ? 1 : Math.sign(end - begin);
  const path =
    to === from ? `M${begin},${y - 8} h22 v8 H${begin + 6}` : `M${begin},${y} H${end - points * 6}`;
  const headX = to === from ? begin : end;
  const back = to === from ? -1 : points;
  return (
    <g class={`arrow ${kind} ${state.replace(' ', '-')} ${serviceClass(from)}`}>
      <path d={path} />
      {to === undefined ? (
        <circle cx={end} cy={y} r={3} />
      ) : (
        <polygon points={`${headX},${y} ${headX - back * 8},${y - 4} ${headX - back * 8},${y + 4}`} />
      )}
    </g>
  );
};
