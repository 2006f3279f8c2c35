import { projection } from './projection.ts';

const becomes =
  (status: string) =>
  ({ at }: { readonly at: Date }) => ({ status, since: at, step: null, reason: null });

/**
 * For administrators: how many orders there are in each status, which of them are stuck, and what each day brought in. A
 * refund counts on the day on which it was paid.
 */
export const operations = projection({
  name: 'operations',
  version: 1,
  rows: 'operations_order',
  key: 'order_id',
  starts: 'placed',
  on: {
    placed: ({ at, event: { customerId, total } }) => ({
      ...{ customer_id: customerId, status: 'placed', since: at, step: null, reason: null },
      ...{ amount: total.amount, currency: total.currency, completed_at: null, refunds: [] },
    }),
    confirmed: becomes('confirmed'),
    completed: (event) => ({ ...becomes('completed')(event), completed_at: event.at }),
    'cancellation-begun': becomes('cancelling'),
    cancelled: becomes('cancelled'),
    parked: ({ at, event: { step, reason } }) => ({ status: 'needs-attention', since: at, step, reason }),
    resumed: ({ at, event: { status } }) => ({ status, since: at, step: null, reason: null }),
    refunded: ({ at, event: { amount } }, { refunds }) => ({
      refunds: [...refunds, { day: dayOf(at), amount: amount.amount }],
    }),
  },
  totals: {
    order_count: {
      by: ['status', 'currency'],
      of: ({ status, currency, amount }) => [{ status, currency, orders: 1, amount }],
    },
    daily_revenue: {
      by: ['day', 'currency'],
      of: ({ currency, amount, completed_at, refunds }) => [
        ...(completed_at === null
          ? []
          : [{ day: dayOf(completed_at), currency, orders: 1, revenue: amount, refunded: 0 }]),
        ...refunds.map((refund) => ({
          ...{ day: refund.day, currency, orders: 0, revenue: 0, refunded: refund.amount },
        })),
      ],
    },
  },
});

/** In UTC. */
const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
