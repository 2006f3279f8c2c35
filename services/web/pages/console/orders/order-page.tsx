import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatMoney } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { actorOf, describeEvent } from './describe-event.ts';
import { Messages } from './messages/messages.tsx';
import { type Order, type OrderEvent, shortId } from './order.ts';
import { MailSection, PaymentSection, ShipmentSection } from './parts/outside.tsx';
import { SagaSection } from './parts/saga.tsx';
import { WhoDidIt } from './parts/who-did-it.tsx';
import { RefundsSection } from './refunds/refunds.tsx';
import { StatusBadge } from './status-badge.tsx';
import { TimeTravel } from './time-travel/time-travel.tsx';
import { useOrderEvents } from './use-order-events.ts';
import './orders.css';

interface OrderPageProps {
  readonly id: string;
  readonly part: string;
}

/** The parts of an order's page, each with an address. */
const parts = [
  ['overview', 'Overview'],
  ['messages', 'Messages'],
  ['time', 'Time travel'],
] as const;

export const OrderPage = ({ id, part }: OrderPageProps): JSX.Element => {
  const { state, reload } = useResource<Order>(`/api/orders/${encodeURIComponent(id)}`, 3_000);
  const { events, connection } = useOrderEvents(id, state.value.kind === 'ready');
  const newest = events.value.at(-1)?.version;
  useEffect(() => {
    if (newest !== undefined) reload();
  }, [newest]);
  return (
    <>
      <h1>
        Order {shortId(id)}{' '}
        {state.value.kind === 'ready' ? <StatusBadge status={state.value.value.status} /> : null}
      </h1>
      <Shown of={state.value} what="the order" retry={reload}>
        {(order) => (
          <>
            <Head order={order} events={events.value} connection={connection.value} />
            <PartLinks id={id} part={part} />
            <Part part={part} order={order} events={events.value} />
          </>
        )}
      </Shown>
    </>
  );
};

interface HeadProps {
  readonly order: Order;
  readonly events: readonly OrderEvent[];
  readonly connection: 'live' | 'waiting';
}

const Head = ({ order, events, connection }: HeadProps): JSX.Element => {
  const [placed] = events;
  const customerId = placed?.data['customerId'];
  return (
    <p>
      <code>{order.orderId}</code>
      {placed === undefined ? null : (
        <>
          , placed <Ago at={placed.at} />
        </>
      )}
      {typeof customerId === 'string' ? (
        <>
          {' '}
          by{' '}
          <a href={`/console/orders?customer=${encodeURIComponent(customerId)}`} title={customerId}>
            customer {shortId(customerId)}
          </a>
        </>
      ) : null}
      , {formatMoney(order.total)}
      {order.reason === undefined ? null : (
        <>
          ; <span dir="auto">{order.reason}</span>
        </>
      )}{' '}
      <span class="soft small" role="status">
        {connection === 'live' ? 'live' : 'connecting …'}
      </span>
    </p>
  );
};

const PartLinks = ({ id, part }: OrderPageProps): JSX.Element => (
  <nav class="parts" aria-label="Parts of the order">
    {parts.map(([name, text]) => (
      <a
        key={name}
        href={`/console/orders/${encodeURIComponent(id)}${name === 'overview' ? '' : `/${name}`}`}
        aria-current={name === part ? 'page' : undefined}
      >
        {text}
      </a>
    ))}
  </nav>
);

interface PartProps {
  readonly part: string;
  readonly order: Order;
  readonly events: readonly OrderEvent[];
}

const Part = ({ part, order, events }: PartProps): JSX.Element => {
  const { orderId: id, correlationId } = order;
  if (part === 'messages') return <Messages events={events} correlationId={correlationId} />;
  if (part === 'time') return <TimeTravel id={id} events={events} />;
  return (
    <div class="order-parts">
      <div>
        <SagaSection id={id} />
        <RefundsSection order={order} />
        <WhoDidIt id={id} events={events} />
      </div>
      <div>
        <Lines order={order} />
        <Events id={id} events={events} />
        <PaymentSection id={id} />
        <ShipmentSection id={id} />
        <MailSection id={id} />
      </div>
    </div>
  );
};

const Lines = ({ order: { lines } }: { readonly order: Order }): JSX.Element => (
  <section aria-labelledby="lines">
    <h2 id="lines">Lines</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Product</th>
          <th scope="col" class="number">
            Pieces
          </th>
          <th scope="col" class="number">
            Price
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ sku, quantity, unitPrice }) => (
          <tr key={sku}>
            <td dir="auto">{sku}</td>
            <td class="number">{quantity}</td>
            <td class="number">{formatMoney(unitPrice)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const Events = ({
  id,
  events,
}: {
  readonly id: string;
  readonly events: readonly OrderEvent[];
}): JSX.Element => (
  <section aria-labelledby="events">
    <h2 id="events">Events</h2>
    <ol class="order-events" aria-live="polite">
      {events.map((event) => (
        <li key={event.version}>
          <a href={`/console/orders/${encodeURIComponent(id)}/time?version=${event.version}`} dir="auto">
            {describeEvent(event)}
          </a>{' '}
          <span class="soft small">
            <Ago at={event.at} />, <span title={actorOf(event)}>{event.actor.name ?? event.actor.kind}</span>
          </span>
        </li>
      ))}
    </ol>
  </section>
);
