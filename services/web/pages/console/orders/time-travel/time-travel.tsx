import type { JSX } from 'preact';
import { Ago, Shown } from '../../../shared/components.tsx';
import { Diff } from '../../../shared/diff/diff.tsx';
import { formatMoney } from '../../../shared/format.ts';
import { query, setQuery } from '../../../shared/router.ts';
import { Person } from '../../people/person.tsx';
import { actorOf, describeEvent } from '../describe-event.ts';
import type { Order, OrderEvent } from '../order.ts';
import { StatusBadge } from '../status-badge.tsx';
import { stateAt, versionOf } from './state-at.ts';
import { useOrderAt } from './use-order-at.ts';
import './time-travel.css';

interface TimeTravelProps {
  readonly id: string;
  readonly events: readonly OrderEvent[];
}

/** A slider over the events of an order: its state after each, what that changed, who did it and why. */
export const TimeTravel = ({ id, events }: TimeTravelProps): JSX.Element => {
  const newest = events.at(-1)?.version ?? 0;
  const version = versionOf(query.value.get('version'), newest);
  const other = versionOf(query.value.get('with') ?? String(version - 1), newest);
  const hasOther = other !== version && (version > 1 || query.value.get('with') !== null);
  const then = useOrderAt(id, version);
  const compared = useOrderAt(id, hasOther ? other : 0);
  const event = events.find((each) => each.version === version);
  if (event === undefined)
    return (
      <p class="soft" role="status">
        Loading the events …
      </p>
    );
  return (
    <>
      <Slider events={events} version={version} newest={newest} />
      <EventCard event={event} />
      <div class="time-travel">
        <section aria-labelledby="state-then">
          <h2 id="state-then">State after version {version}</h2>
          <Shown of={then.value} what="the order as it was">
            {({ order, version: shown }) => <State order={order} events={events} version={shown} />}
          </Shown>
        </section>
        <section aria-labelledby="compared">
          <h2 id="compared">Compared</h2>
          <OtherVersion events={events} version={version} other={hasOther ? other : undefined} />
          {hasOther ? (
            <Shown of={compared.value} what="the other version">
              {(before) =>
                then.value.kind !== 'ready' ? null : (
                  <Diff
                    before={stateAt(before.order, events, before.version)}
                    after={stateAt(then.value.value.order, events, then.value.value.version)}
                    names={[`version ${before.version}`, `version ${then.value.value.version}`]}
                    whole={query.value.get('whole') === 'yes'}
                  />
                )
              }
            </Shown>
          ) : (
            <p class="soft">Before version 1 there was no order.</p>
          )}
        </section>
      </div>
    </>
  );
};

interface SliderProps {
  readonly events: readonly OrderEvent[];
  readonly version: number;
  readonly newest: number;
}

const Slider = ({ events, version, newest }: SliderProps): JSX.Element => {
  const go = (to: number): void => setQuery({ version: to >= newest ? '' : String(Math.max(1, to)) });
  const event = events.find((each) => each.version === version);
  return (
    <div class="time-slider">
      <button
        type="button"
        aria-label="The version before"
        disabled={version <= 1}
        onClick={() => go(version - 1)}
      >
        ←
      </button>
      <label>
        <span>
          Version {version} of {newest}
          {version === newest ? ', the newest' : ''}
        </span>
        <input
          type="range"
          min={1}
          max={newest}
          value={version}
          aria-valuetext={event === undefined ? undefined : `version ${version}: ${describeEvent(event)}`}
          onInput={({ currentTarget }) => go(Number(currentTarget.value))}
        />
      </label>
      <button
        type="button"
        aria-label="The version after"
        disabled={version >= newest}
        onClick={() => go(version + 1)}
      >
        →
      </button>
    </div>
  );
};

/** What happened, who did it, when, and what it followed from. */
const EventCard = ({ event }: { readonly event: OrderEvent }): JSX.Element => (
  <div class="card event-card" aria-live="polite">
    <p>
      <strong dir="auto">{describeEvent(event)}</strong> <Ago at={event.at} /> by <Actor of={event} />
    </p>
    <p class="small soft">
      {event.causationId === undefined ? 'Its cause was not recorded' : <Cause of={event} />}
      {event.correlationId === undefined ? null : (
        <>
          , of the request{' '}
          <a href={`/console/traces/${encodeURIComponent(event.correlationId)}`}>
            <code>{event.correlationId.slice(-8)}</code>
          </a>
        </>
      )}
    </p>
  </div>
);

/** A person with what is known of them, or a part of the shop. */
const Actor = ({ of: { actor } }: { readonly of: OrderEvent }): JSX.Element =>
  actor.id === undefined ? (
    <code>{actorOf({ actor })}</code>
  ) : (
    <>
      {actor.kind} <Person id={actor.id} />
    </>
  );

/** A message, or the span of a request; both are in the trace. */
const Cause = ({ of: { causationId = '', correlationId } }: { readonly of: OrderEvent }): JSX.Element => {
  const isSpan = /^[0-9a-f]{16}$/.test(causationId);
  const name = isSpan ? 'the request itself' : `the message ${causationId.slice(-8)}`;
  if (correlationId === undefined) return <>It followed from {name}</>;
  const parameter = isSpan ? 'span' : 'message';
  const page = `/console/traces/${encodeURIComponent(correlationId)}`;
  return (
    <>
      It followed from <a href={`${page}?${parameter}=${encodeURIComponent(causationId)}`}>{name}</a>
    </>
  );
};

interface OtherProps {
  readonly events: readonly OrderEvent[];
  readonly version: number;
  readonly other: number | undefined;
}

const OtherVersion = ({ events, version, other }: OtherProps): JSX.Element => (
  <div class="filters">
    <label>
      With
      <select
        value={query.value.get('with') === null ? '' : String(other ?? '')}
        onChange={({ currentTarget }) => setQuery({ with: currentTarget.value })}
      >
        <option value="">the version before</option>
        {events.map((event) =>
          event.version === version ? null : (
            <option key={event.version} value={String(event.version)}>
              version {event.version}: {describeEvent(event)}
            </option>
          ),
        )}
      </select>
    </label>
    <label class="check">
      <input
        type="checkbox"
        checked={query.value.get('whole') === 'yes'}
        onChange={({ currentTarget }) => setQuery({ whole: currentTarget.checked ? 'yes' : '' })}
      />
      Also what is the same
    </label>
  </div>
);

interface StateProps {
  readonly order: Order;
  readonly events: readonly OrderEvent[];
  readonly version: number;
}

const State = ({ order, events, version }: StateProps): JSX.Element => {
  const { steps, delivered } = stateAt(order, events, version);
  return (
    <dl class="order-state">
      <dt>Status</dt>
      <dd>
        <StatusBadge status={order.status} /> {delivered ? <span class="badge good">delivered</span> : null}
      </dd>
      <dt>Total</dt>
      <dd>
        {formatMoney(order.total)}
        {order.refunded.amount > 0 ? `, refunded ${formatMoney(order.refunded)}` : ''}
      </dd>
      {order.reason === undefined ? null : (
        <>
          <dt>Reason</dt>
          <dd dir="auto">{order.reason}</dd>
        </>
      )}
      <dt>Lines</dt>
      <dd>{order.lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')}</dd>
      <dt>Steps</dt>
      <dd>
        {Object.entries(steps)
          .map(([step, outcome]) => `${step} ${outcome}`)
          .join(', ') || 'none yet'}
      </dd>
    </dl>
  );
};
