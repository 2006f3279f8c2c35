import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Ago, Shown } from '../../../shared/components.tsx';
import { formatMoney } from '../../../shared/format.ts';
import { useResource } from '../../../shared/resource.ts';
import { type Order, shortId } from '../order.ts';
import type { Refund, Refunds } from './refund.ts';
import { RefundDialog } from './refund-dialog.tsx';

/** The refunds of an order, and the way to a new one. */
export const RefundsSection = ({ order }: { readonly order: Order }): JSX.Element => {
  const path = `/api/admin/orders/${encodeURIComponent(order.orderId)}/refunds`;
  const { state, reload } = useResource<Refunds>(path, 2_000);
  const isOpen = useSignal(false);
  return (
    <section aria-labelledby="refunds">
      <h2 id="refunds">Refunds</h2>
      <Shown of={state.value} what="the refunds" retry={reload}>
        {(found) => (
          <>
            {found.refunds.length === 0 ? (
              <p class="soft">There are none.</p>
            ) : (
              <>
                <RefundTable refunds={found.refunds} />
                <p>
                  {formatMoney(found.refunded)} of {formatMoney(found.total)} were given back.
                </p>
              </>
            )}
            {order.status === 'completed' ? (
              <button
                type="button"
                onClick={() => {
                  isOpen.value = true;
                }}
              >
                Refund …
              </button>
            ) : (
              <p class="soft small">Only a completed order can be refunded.</p>
            )}
            {isOpen.value ? (
              <RefundDialog
                order={order}
                known={found}
                path={path}
                close={(isDone) => {
                  isOpen.value = false;
                  if (isDone) reload();
                }}
              />
            ) : null}
          </>
        )}
      </Shown>
    </section>
  );
};

const looks = { 'in-progress': '', parked: 'bad', refunded: 'good', abandoned: 'warn' } as const;

const RefundTable = ({ refunds }: { readonly refunds: readonly Refund[] }): JSX.Element => (
  <div class="scroll-x">
    <table>
      <thead>
        <tr>
          <th scope="col">Refund</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Amount
          </th>
          <th scope="col">Requested</th>
          <th scope="col">Of what</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {refunds.map(({ refundId, status, amount, requestedAt, lines, restock, reason, parked }) => (
          <tr key={refundId}>
            <td>
              <a href={`/console/sagas/${refundId}`}>
                <code>{shortId(refundId)}</code>
              </a>
            </td>
            <td>
              <span class={`badge ${looks[status]}`}>{status}</span>
              {parked === undefined ? null : (
                <span class="small">
                  {' '}
                  at {parked.step}: <bdi>{parked.reason}</bdi>
                </span>
              )}
            </td>
            <td class="number">{formatMoney(amount)}</td>
            <td>
              <Ago at={requestedAt} />
            </td>
            <td>
              {lines.length === 0
                ? 'an amount'
                : lines.map((line) => `${line.quantity} × ${line.sku}`).join(', ')}
              {restock ? ', back into the stock' : ''}
            </td>
            <td dir="auto">{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
