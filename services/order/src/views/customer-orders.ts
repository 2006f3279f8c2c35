import { projection, type StoredEvent } from '@emporium/event-store';
import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { OrderEvent } from '../domain/order.ts';
import { orderFormat } from '../store/order-format.ts';
import type { OrderTables } from '../store/tables.ts';

/** The projection for lists of orders; `GET /api/orders/:id` reads the events of the order instead. */
export const customerOrders = projection<OrderEvent, OrderTables>({
  name: 'customer-orders',
  version: 1,
  tables: ['customer_order'],
  format: orderFormat,
  apply: async (events, tx) => {
    await insertPlaced(events, tx);
    await updateStatuses(events, tx);
  },
});

const insertPlaced = async (
  events: readonly StoredEvent<OrderEvent>[],
  tx: Tx<OrderTables>,
): Promise<void> => {
  const rows = events.flatMap(({ stream, at, event }) =>
    event.type === 'placed'
      ? [
          {
            order_id: stream,
            customer_id: event.customerId,
            status: 'placed',
            total_amount: event.total.amount,
            total_currency: event.total.currency,
            placed_at: at,
            changed_at: at,
          },
        ]
      : [],
  );
  if (rows.length > 0) await tx.insertInto('customer_order').values(rows).execute();
};

/** Applies the last event of each order that changes its status. */
const updateStatuses = async (
  events: readonly StoredEvent<OrderEvent>[],
  tx: Tx<OrderTables>,
): Promise<void> => {
  const latest = new Map<string, { status: string; at: Date }>();
  for (const { stream, at, event } of events) {
    const status = statusAfter(event);
    if (status !== undefined) latest.set(stream, { status, at });
  }
  if (latest.size === 0) return;
  const ids = [...latest.keys()];
  const changes = [...latest.values()];
  await sql`
    update customer_order set status = change.status, changed_at = change.at
    from unnest(
      ${ids}::text[], ${changes.map(({ status }) => status)}::text[], ${changes.map(({ at }) => at)}::timestamptz[]
    ) as change (order_id, status, at)
    where customer_order.order_id = any(${ids}::text[]) and customer_order.order_id = change.order_id`.execute(
    tx,
  );
};

const statusAfter = (event: OrderEvent): string | undefined => {
  switch (event.type) {
    case 'confirmed':
    case 'completed':
    case 'cancelled':
      return event.type;
    case 'cancellation-begun':
      return 'cancelling';
    case 'parked':
      return 'needs-attention';
    case 'resumed':
      return event.status;
    default:
      return undefined;
  }
};
