import type { JSX } from 'preact';
import { Shown } from '../../../shared/components.tsx';
import { formatDuration } from '../../../shared/format.ts';
import { useResource } from '../../../shared/resource.ts';
import { query, setQuery } from '../../../shared/router.ts';
import { type TraceAnswer, traceAddress } from '../../traces/trace.ts';
import { describeEvent } from '../describe-event.ts';
import type { OrderEvent } from '../order.ts';
import { type Arrow, arrowsOf } from './arrows.ts';
import { markOf, SequenceDiagram } from './sequence-diagram.tsx';

/** More arrows than a person reads. */
const maxArrows = 300;

interface MessagesProps {
  readonly events: readonly OrderEvent[];
  /** Of the request that placed it. */
  readonly correlationId: string | undefined;
}

/** What went between the services because of a request: the one that placed the order, or another that changed it. */
export const Messages = ({ events, correlationId }: MessagesProps): JSX.Element => {
  const requests = requestsOf(events);
  const chosen = query.value.get('request') ?? correlationId ?? requests[0]?.correlationId;
  if (chosen === undefined)
    return <p class="soft">The order has no correlation id, so its messages cannot be found.</p>;
  return (
    <>
      <div class="filters">
        {requests.length < 2 ? null : (
          <label>
            Of the request
            <select
              value={chosen}
              onChange={({ currentTarget }) => setQuery({ request: currentTarget.value })}
            >
              {requests.map(({ correlationId: id, text }) => (
                <option key={id} value={id}>
                  {text}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Show as
          <select
            value={query.value.get('as') ?? ''}
            onChange={({ currentTarget }) => setQuery({ as: currentTarget.value })}
          >
            <option value="">sequence diagram</option>
            <option value="list">list</option>
          </select>
        </label>
      </div>
      <Flow key={chosen} correlationId={chosen} />
    </>
  );
};

/** Each request that changed the order, named after the first event that followed from it. */
const requestsOf = (events: readonly OrderEvent[]) => {
  const found = new Map<string, string>();
  for (const event of events)
    if (event.correlationId !== undefined && !found.has(event.correlationId))
      found.set(event.correlationId, describeEvent(event));
  return [...found].map(([correlationId, text]) => ({ correlationId, text }));
};

const Flow = ({ correlationId }: { readonly correlationId: string }): JSX.Element => {
  const { state, reload } = useResource<TraceAnswer>(traceAddress(correlationId), 2_000);
  const page = `/console/traces/${encodeURIComponent(correlationId)}`;
  const hrefOf = ({ spanId }: Arrow): string => `${page}?span=${spanId}`;
  return (
    <Shown of={state.value} what="the messages" retry={reload}>
      {({ traces }) => {
        const arrows = traces.flatMap(({ spans }) => arrowsOf(spans));
        const shown = arrows.slice(0, maxArrows);
        const leftOut = traces.reduce((sum, trace) => sum + trace.leftOut, 0);
        return (
          <>
            <p>
              {arrows.length} messages and calls; <a href={page}>the same as a waterfall</a>
            </p>
            {arrows.length > maxArrows || leftOut > 0 ? (
              <p class="notice warn">
                Only the first {shown.length} are shown
                {leftOut > 0 ? `; the trace itself is cut by ${leftOut} spans` : ''}.
              </p>
            ) : null}
            {arrows.length === 0 ? (
              <p class="soft">No messages were recorded.</p>
            ) : query.value.get('as') === 'list' ? (
              <ArrowList arrows={shown} hrefOf={hrefOf} />
            ) : (
              <SequenceDiagram arrows={shown} hrefOf={hrefOf} />
            )}
          </>
        );
      }}
    </Shown>
  );
};

interface ListProps {
  readonly arrows: readonly Arrow[];
  readonly hrefOf: (arrow: Arrow) => string;
}

const ArrowList = ({ arrows, hrefOf }: ListProps): JSX.Element => (
  <div class="scroll-x">
    <table>
      <thead>
        <tr>
          <th scope="col" class="number">
            After
          </th>
          <th scope="col">What</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
        </tr>
      </thead>
      <tbody>
        {arrows.map((arrow, index) => (
          <tr key={`${arrow.spanId}${index}`}>
            <td class="number">{formatDuration(arrow.atMs)}</td>
            <td>
              <a href={hrefOf(arrow)}>{arrow.name}</a>
              {markOf(arrow)} <span class="soft">{arrow.kind === 'message' ? '' : arrow.kind}</span>
            </td>
            <td>{arrow.from}</td>
            <td>{arrow.to ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
