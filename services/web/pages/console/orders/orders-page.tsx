import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatMoney } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { navigate, query, setQuery } from '../../shared/router.ts';
import { type OrderSummary, type StuckOrder, shortId, statuses } from './order.ts';
import { StatusBadge } from './status-badge.tsx';
import './orders.css';

interface Orders {
  readonly orders: readonly OrderSummary[];
  readonly next?: string;
}

const pageSize = 50;

export const OrdersPage = (): JSX.Element => {
  const isStuckFirst = query.value.get('stuck') === 'first';
  return (
    <>
      <h1>Orders</h1>
      <Filters isStuckFirst={isStuckFirst} />
      {isStuckFirst ? <Stuck /> : null}
      <Newest />
    </>
  );
};

const Filters = ({ isStuckFirst }: { readonly isStuckFirst: boolean }): JSX.Element => {
  const filter = (changes: Readonly<Record<string, string>>): void => setQuery({ before: '', ...changes });
  return (
    <div class="filters order-filters">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const id = String(new FormData(event.currentTarget).get('id') ?? '').trim();
          if (id !== '') navigate(`/console/orders/${encodeURIComponent(id)}`);
        }}
      >
        <label for="order-id">Order id</label>
        <input id="order-id" name="id" placeholder="Enter opens it" maxLength={100} />
      </form>
      <label>
        Customer id
        <input
          value={query.value.get('customer') ?? ''}
          maxLength={100}
          onChange={({ currentTarget }) => filter({ customer: currentTarget.value.trim() })}
        />
      </label>
      <label>
        Status
        <select
          value={query.value.get('status') ?? ''}
          onChange={({ currentTarget }) => filter({ status: currentTarget.value })}
        >
          <option value="">any</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
      </label>
      <TimeFilter name="from" text="Placed from" filter={filter} />
      <TimeFilter name="until" text="Placed until" filter={filter} />
      <label class="check">
        <input
          type="checkbox"
          checked={isStuckFirst}
          onChange={({ currentTarget }) => filter({ stuck: currentTarget.checked ? 'first' : '' })}
        />
        Stuck ones first
      </label>
    </div>
  );
};

interface TimeFilterProps {
  readonly name: 'from' | 'until';
  readonly text: string;
  readonly filter: (changes: Readonly<Record<string, string>>) => void;
}

/** In the reader's time zone; the address has it in UTC. */
const TimeFilter = ({ name, text, filter }: TimeFilterProps): JSX.Element => (
  <label>
    {text}
    <input
      type="datetime-local"
      value={localOf(query.value.get(name) ?? '')}
      onChange={({ currentTarget }) => filter({ [name]: utcOf(currentTarget.value) })}
    />
  </label>
);

const localOf = (utc: string): string => {
  const time = new Date(utc);
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

const utcOf = (local: string): string => {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
};

const Newest = (): JSX.Element => {
  const parameters = new URLSearchParams({ limit: String(pageSize) });
  const names = { status: 'status', customer: 'customerId', from: 'from', until: 'until', before: 'before' };
  for (const [name, parameter] of Object.entries(names)) {
    const value = query.value.get(name);
    if (value !== null && value !== '') parameters.set(parameter, value);
  }
  const { state, reload } = useResource<Orders>(`/api/admin/orders?${parameters}`, 2_000);
  return (
    <Shown of={state.value} what="the orders" retry={reload}>
      {({ orders }) => (
        <>
          {orders.length === 0 ? <p class="soft">There are none.</p> : <OrderTable orders={orders} />}
          <Pages last={orders.length === pageSize ? orders.at(-1)?.orderId : undefined} />
        </>
      )}
    </Shown>
  );
};

const OrderTable = ({ orders }: { readonly orders: readonly OrderSummary[] }): JSX.Element => (
  <div class="scroll-x">
    <table>
      <caption class="visually-hidden">Orders, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">
            Total
          </th>
          <th scope="col">Placed</th>
          <th scope="col">Customer</th>
        </tr>
      </thead>
      <tbody>
        {orders.map(({ orderId, status, total, placedAt, customerId }) => (
          <tr key={orderId}>
            <td>
              <OrderLink id={orderId} />
            </td>
            <td>
              <StatusBadge status={status} />
            </td>
            <td class="number">{formatMoney(total)}</td>
            <td>
              <Ago at={placedAt} />
            </td>
            <td>
              <CustomerLink id={customerId} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const Pages = ({ last }: { readonly last: string | undefined }): JSX.Element | null => {
  const isFirst = query.value.get('before') === null;
  if (isFirst && last === undefined) return null;
  return (
    <p class="actions">
      {isFirst ? null : (
        <button type="button" onClick={() => setQuery({ before: '' })}>
          Newest
        </button>
      )}
      {last === undefined ? null : (
        <button type="button" onClick={() => setQuery({ before: last })}>
          Older
        </button>
      )}
    </p>
  );
};

/** Those that need attention, and those that have not changed for five minutes; the oldest first. */
const Stuck = (): JSX.Element => {
  const path = '/api/admin/reports/stuck-orders?unchangedForSeconds=300&limit=100';
  const { state, reload } = useResource<{ orders: readonly StuckOrder[] }>(path, 5_000);
  return (
    <section aria-labelledby="stuck">
      <h2 id="stuck">Stuck</h2>
      <Shown of={state.value} what="the stuck orders" retry={reload}>
        {({ orders }) =>
          orders.length === 0 ? (
            <p class="soft">No order needs attention, and none has stood still for five minutes.</p>
          ) : (
            <StuckTable orders={orders} />
          )
        }
      </Shown>
      <h2>All</h2>
    </section>
  );
};

const StuckTable = ({ orders }: { readonly orders: readonly StuckOrder[] }): JSX.Element => (
  <div class="scroll-x">
    <table>
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">Status</th>
          <th scope="col">Since</th>
          <th scope="col">Step</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {orders.map(({ orderId, status, since, step, reason }) => (
          <tr key={orderId}>
            <td>
              <OrderLink id={orderId} />
            </td>
            <td>
              <StatusBadge status={status} />
            </td>
            <td>
              <Ago at={since} />
            </td>
            <td>{step ?? '–'}</td>
            <td dir="auto">{reason ?? ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const OrderLink = ({ id }: { readonly id: string }): JSX.Element => (
  <a href={`/console/orders/${id}`} title={id}>
    <code>{shortId(id)}</code>
  </a>
);

const CustomerLink = ({ id }: { readonly id: string }): JSX.Element => (
  <a href={`/console/orders?customer=${encodeURIComponent(id)}`} title={`All orders of ${id}`}>
    <code>{shortId(id)}</code>
  </a>
);
