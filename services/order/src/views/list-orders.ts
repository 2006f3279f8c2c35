import type { Kysely } from 'kysely';
import type { OrderTables } from '../store/tables.ts';

export interface OrderQuery {
  readonly customerId?: string | undefined;
  readonly status?: string | undefined;
  /** Only orders older than this one; ids sort by time. */
  readonly before?: string | undefined;
  /** Only orders that were placed then or later. */
  readonly from?: Date | undefined;
  /** Only orders that were placed before that time. */
  readonly until?: Date | undefined;
  readonly limit: number;
}

/** Reads a page of orders, the newest first. */
export const listOrders = async (
  db: Kysely<OrderTables>,
  { customerId, status, before, from, until, limit }: OrderQuery,
) => {
  let query = db.selectFrom('customer_order').selectAll().orderBy('order_id', 'desc').limit(limit);
  if (customerId !== undefined) query = query.where('customer_id', '=', customerId);
  if (status !== undefined) query = query.where('status', '=', status);
  if (before !== undefined) query = query.where('order_id', '<', before);
  if (from !== undefined) query = query.where('placed_at', '>=', from);
  if (until !== undefined) query = query.where('placed_at', '<', until);
  const rows = await query.execute();
  return rows.map((row) => ({
    orderId: row.order_id,
    customerId: row.customer_id,
    status: row.status,
    total: { amount: row.total_amount, currency: row.total_currency },
    placedAt: row.placed_at.toISOString(),
    href: `/api/orders/${row.order_id}`,
  }));
};
