import { type Kysely, sql } from 'kysely';
import type { OrderTables } from '../store/tables.ts';

type Database = Kysely<OrderTables>;

/** How many orders there are in each status, and what they cost together, by currency. */
export const countOrders = async (db: Database) => {
  const rows = await db.selectFrom('order_count').selectAll().orderBy('status').orderBy('currency').execute();
  return rows.map(({ status, currency, orders, amount }) => ({
    status,
    orders,
    total: { amount, currency },
  }));
};

export interface StuckQuery {
  /** Orders that wait for anything but a person count as stuck when they have not changed since then. */
  readonly unchangedSince: Date;
  /** Only orders after this one; ids sort by time. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Orders that need attention, or that have not moved on for long; the oldest first. */
export const listStuckOrders = async (db: Database, { unchangedSince, after, limit }: StuckQuery) => {
  let query = db
    .selectFrom('operations_order')
    .selectAll()
    .where(sql<boolean>`status not in ('completed', 'cancelled')`) // as the index says it
    .where(({ or, eb }) => or([eb('status', '=', 'needs-attention'), eb('since', '<', unchangedSince)]))
    .orderBy('order_id')
    .limit(limit);
  if (after !== undefined) query = query.where('order_id', '>', after);
  const rows = await query.execute();
  return rows.map((row) => ({
    orderId: row.order_id,
    customerId: row.customer_id,
    status: row.status,
    since: row.since.toISOString(),
    ...(row.step === null ? {} : { step: row.step }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    total: { amount: row.amount, currency: row.currency },
    href: `/api/orders/${row.order_id}`,
  }));
};

export interface RevenueQuery {
  /** Days in UTC, both included. */
  readonly from: string;
  readonly to: string;
  readonly currency?: string | undefined;
}

/** What completed orders brought in and what was paid back, by day and currency; days without either are left out. */
export const listRevenue = async (db: Database, { from, to, currency }: RevenueQuery) => {
  let query = db
    .selectFrom('daily_revenue')
    .select([sql<string>`day::text`.as('day'), 'currency', 'orders', 'revenue', 'refunded'])
    .where('day', '>=', from)
    .where('day', '<=', to)
    .orderBy('daily_revenue.day')
    .orderBy('currency');
  if (currency !== undefined) query = query.where('currency', '=', currency);
  return query.execute();
};

export interface SalesQuery {
  readonly currency?: string | undefined;
  readonly sku?: string | undefined;
  readonly limit: number;
}

/** What was sold of each product in completed orders, by currency, the highest revenue first. */
export const listSales = (db: Database, { currency, sku, limit }: SalesQuery) => {
  let query = db
    .selectFrom('product_sale')
    .selectAll()
    .orderBy('currency')
    .orderBy('revenue', 'desc')
    .orderBy('sku')
    .limit(limit);
  if (currency !== undefined) query = query.where('currency', '=', currency);
  if (sku !== undefined) query = query.where('sku', '=', sku);
  return query.execute();
};
