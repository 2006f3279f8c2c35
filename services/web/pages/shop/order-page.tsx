import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { request } from '../shared/api.ts';
import { Ago, Shown } from '../shared/components.tsx';
import { openStream } from '../shared/event-stream.ts';
import { failureOf } from '../shared/failure.ts';
import { formatMoney, type Money } from '../shared/format.ts';
import { orderEventTypes } from '../shared/order-event-types.ts';
import { useResource } from '../shared/resource.ts';
import { Status } from './order-status.tsx';
import { describe, entryOf, type OrderEntry, type Step, stepsOf } from './order-steps.ts';

interface Order {
  readonly orderId: string;
  readonly status: string;
  readonly total: Money;
  readonly refunded: Money;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly unitPrice: Money }[];
  readonly reason?: string;
  readonly refunds: readonly { readonly refundId: string; readonly status: string; readonly amount: Money }[];
}

/** Live: each event of the order appears when it happens. */
export const OrderPage = ({ id }: { readonly id: string }): JSX.Element => {
  const { state, reload } = useResource<Order>(`/api/orders/${encodeURIComponent(id)}`, 10_000);
  const entries = useSignal<readonly OrderEntry[]>([]);
  const live = useSignal<'live' | 'waiting'>('waiting');
  const isThere = state.value.kind === 'ready';

  useEffect(() => {
    if (!isThere) return;
    entries.value = [];
    return openStream(`/api/orders/${encodeURIComponent(id)}/events`, orderEventTypes, {
      next: (event) => {
        const entry = entryOf(event);
        const newest = entries.value.at(-1)?.version ?? 0;
        if (entry === undefined || entry.version <= newest) return;
        entries.value = [...entries.value, entry];
        // Lines and refunds come from the order itself.
        if (entry.type.startsWith('refund') || entry.type === 'placed') reload();
      },
      state: (now) => {
        live.value = now;
      },
    });
  }, [id, isThere]);

  return (
    <Shown of={state.value} what="the order" retry={reload}>
      {(order) => (
        <>
          <div class="page-head">
            <h1>
              Order {order.orderId.slice(-8)} <Status of={entries.value.at(-1)?.status ?? order.status} />
            </h1>
            <p class="soft small" role="status">
              {live.value === 'live' ? 'live' : 'connecting …'}
            </p>
          </div>
          <Steps steps={stepsOf(entries.value)} />
          <CancelButton
            id={id}
            status={entries.value.at(-1)?.status ?? order.status}
            entries={entries.value}
          />
          <h2>What you ordered</h2>
          <Lines order={order} />
          <h2>History</h2>
          <ol class="history" aria-live="polite">
            {entries.value.map((entry) => (
              <li key={entry.version}>
                {describe(entry)}{' '}
                <span class="soft small">
                  <Ago at={entry.at} />
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </Shown>
  );
};

const Steps = ({ steps }: { readonly steps: readonly Step[] }): JSX.Element => (
  <ol class="steps">
    {steps.map(({ id, text, state, reason }) => (
      <li key={id} class={state.replace(' ', '-')}>
        <span class="mark" aria-hidden="true" />
        <span>
          {text} <span class="soft small">– {state}</span>
          {reason === undefined ? null : <bdi class="soft small">: {reason}</bdi>}
        </span>
      </li>
    ))}
  </ol>
);

interface CancelProps {
  readonly id: string;
  readonly status: string;
  readonly entries: readonly OrderEntry[];
}

const CancelButton = ({ id, status, entries }: CancelProps): JSX.Element | null => {
  const message = useSignal('');
  const isOnItsWay = entries.some(
    ({ type, data }) => type === 'step-recorded' && data['step'] === 'dispatch',
  );
  if (!['placed', 'confirmed'].includes(status) || isOnItsWay)
    return message.value === '' ? null : <p class="notice warn">{message.value}</p>;
  const cancel = async (): Promise<void> => {
    const answer = await request(`/api/orders/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
    message.value = failureOf(answer);
  };
  return (
    <p>
      <button type="button" class="danger" onClick={() => void cancel()}>
        Cancel the order
      </button>{' '}
      <span role="alert">{message.value}</span>
    </p>
  );
};

const Lines = ({ order: { lines, total, refunded, refunds } }: { readonly order: Order }): JSX.Element => (
  <table>
    <tbody>
      {lines.map(({ sku, quantity, unitPrice }) => (
        <tr key={sku}>
          <td>
            {quantity} × <bdi>{sku}</bdi>
          </td>
          <td class="number">{formatMoney({ ...unitPrice, amount: unitPrice.amount * quantity })}</td>
        </tr>
      ))}
      {refunds.map(({ refundId, status, amount }) => (
        <tr key={refundId}>
          <td>Refund, {status.replaceAll('-', ' ')}</td>
          <td class="number">−{formatMoney(amount)}</td>
        </tr>
      ))}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row">{refunded.amount > 0 ? 'Total, after refunds' : 'Total'}</th>
        <td class="number">
          <strong>{formatMoney({ ...total, amount: total.amount - refunded.amount })}</strong>
        </td>
      </tr>
    </tfoot>
  </table>
);
