import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { query, setQuery } from '../../shared/router.ts';
import './subscriptions.css';
import { Brokers } from './brokers.tsx';
import { type Queues, rowsOf, type SubscriptionRow, type Subscriptions } from './subscription.ts';

const states = ['active', 'paused'] as const;

/** What every subscription waits for, and which are paused. */
export const SubscriptionsPage = (): JSX.Element => {
  const filter = {
    text: query.value.get('text') ?? '',
    state: query.value.get('state') ?? '',
    sort: query.value.get('sort') ?? '',
  };
  const { state: subscriptions, reload } = useResource<Subscriptions>('/api/admin/subscriptions', 3_000);
  const { state: queues, reload: reloadQueues } = useResource<Queues>('/api/admin/queues', 3_000);
  const known = queues.value.kind === 'ready' ? queues.value.value : undefined;
  return (
    <>
      <h1>Subscriptions</h1>
      <Shown of={queues.value} what="the brokers" retry={reloadQueues}>
        {({ brokers }) => <Brokers brokers={brokers} />}
      </Shown>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Name or contract
          <input
            type="search"
            value={filter.text}
            onInput={({ currentTarget }) => setQuery({ text: currentTarget.value })}
          />
        </label>
        <label>
          State
          <select
            value={filter.state}
            onChange={({ currentTarget }) => setQuery({ state: currentTarget.value })}
          >
            <option value="">any</option>
            {states.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <label>
          Order
          <select
            value={filter.sort}
            onChange={({ currentTarget }) => setQuery({ sort: currentTarget.value })}
          >
            <option value="">by name</option>
            <option value="waiting">longest queue first</option>
          </select>
        </label>
      </form>
      <Shown of={subscriptions.value} what="the subscriptions" retry={reload}>
        {(value) => <Table rows={rowsOf(value, known, filter)} />}
      </Shown>
    </>
  );
};

const Table = ({ rows }: { readonly rows: readonly SubscriptionRow[] }): JSX.Element => {
  if (rows.length === 0) return <p class="soft">No subscription matches.</p>;
  return (
    <table class="subscriptions">
      <thead>
        <tr>
          <th scope="col">Subscription</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Waiting
          </th>
          <th scope="col" class="number aside">
            Unacked
          </th>
          <th scope="col" class="number">
            Oldest
          </th>
          <th scope="col" class="aside">
            Last change
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.name} row={row} />
        ))}
      </tbody>
    </table>
  );
};

const Row = ({
  row: { name, state, queue, since, reason },
}: {
  readonly row: SubscriptionRow;
}): JSX.Element => (
  <tr>
    <td>
      <a href={`/console/subscriptions/${name}`}>{name}</a>
    </td>
    <td>
      <span class={`badge ${state === 'paused' ? 'warn' : 'good'}`}>{state}</span>
    </td>
    <td class="number">{queue?.waiting ?? '–'}</td>
    <td class="number aside">{queue?.unacked ?? '–'}</td>
    <td class="number">
      {queue?.oldestAgeSeconds === undefined ? '–' : formatDuration(queue.oldestAgeSeconds * 1_000)}
    </td>
    <td class="aside">
      {since === undefined ? '–' : <Ago at={since} />}{' '}
      {reason === undefined ? null : <q dir="auto">{reason}</q>}
    </td>
  </tr>
);
