import type { JSX } from 'preact';
import { Ago, Shown } from '../shared/components.tsx';
import { formatMoney, type Money } from '../shared/format.ts';
import { useResource } from '../shared/resource.ts';
import { query } from '../shared/router.ts';
import { Status } from './order-status.tsx';

interface Orders {
  readonly orders: readonly {
    readonly orderId: string;
    readonly status: string;
    readonly total: Money;
    readonly placedAt: string;
  }[];
  readonly next?: string;
}

export const OrdersPage = (): JSX.Element => {
  const before = query.value.get('before');
  const { state, reload } = useResource<Orders>(
    `/api/orders?limit=20${before === null ? '' : `&before=${encodeURIComponent(before)}`}`,
    5_000,
  );
  return (
    <>
      <h1>My orders</h1>
      <Shown of={state.value} what="your orders" retry={reload}>
        {({ orders, next }) =>
          orders.length === 0 ? (
            <p>
              There are none yet. <a href="/">See the products</a>.
            </p>
          ) : (
            <>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Order</th>
                    <th scope="col">Placed</th>
                    <th scope="col">State</th>
                    <th scope="col" class="number">
                      Total
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {orders.map(({ orderId, status, total, placedAt }) => (
                    <tr key={orderId}>
                      <td>
                        <a href={`/shop/orders/${orderId}`}>{orderId.slice(-8)}</a>
                      </td>
                      <td>
                        <Ago at={placedAt} />
                      </td>
                      <td>
                        <Status of={status} />
                      </td>
                      <td class="number">{formatMoney(total)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {next === undefined ? null : (
                <p>
                  <a href={olderAddress(next)}>Older orders</a>
                </p>
              )}
            </>
          )
        }
      </Shown>
    </>
  );
};

/** `next` is the address of the next page at the API, or its cursor. */
const olderAddress = (next: string): string => {
  const cursor = new URL(next, location.href).searchParams.get('before') ?? next;
  return `/shop/orders?before=${encodeURIComponent(cursor)}`;
};
