import { projection } from './projection.ts';

const becomes =
  (status: string) =>
  ({ at }: { readonly at: Date }) => ({ status, changed_at: at });

/** For lists of orders; `GET /api/orders/:id` reads the events of the order instead. */
export const customerOrders = projection({
  name: 'customer-orders',
  version: 1,
  rows: 'customer_order',
  key: 'order_id',
  starts: 'placed',
  on: {
    placed: ({ at, event: { customerId, total } }) => ({
      customer_id: customerId,
      status: 'placed',
      total_amount: total.amount,
      total_currency: total.currency,
      placed_at: at,
      changed_at: at,
    }),
    confirmed: becomes('confirmed'),
    completed: becomes('completed'),
    'cancellation-begun': becomes('cancelling'),
    cancelled: becomes('cancelled'),
    parked: becomes('needs-attention'),
    resumed: ({ at, event }) => ({ status: event.status, changed_at: at }),
  },
});
