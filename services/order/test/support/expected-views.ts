import { fold } from '@emporium/event-store';
import { type Kysely, sql } from 'kysely';
import { type OrderEvent, orderDecider } from '../../src/domain/order.ts';
import type { OrderTables } from '../../src/store/tables.ts';

export interface Past {
  readonly id: string;
  readonly events: readonly { readonly at: Date; readonly event: OrderEvent }[];
}

/** Everything that the read models say, in a form that can be compared. */
export interface Views {
  readonly statuses: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, string>>;
  readonly revenue: Readonly<Record<string, string>>;
  /** What was refunded on each day, by currency. */
  readonly refunds: Readonly<Record<string, string>>;
  readonly sales: Readonly<Record<string, string>>;
}

const tally = () => {
  const sums = new Map<string, [number, number]>();
  return {
    add: (key: string, one: number, other: number): void => {
      const [first, second] = sums.get(key) ?? [0, 0];
      sums.set(key, [first + one, second + other]);
    },
    /** Without those of zero, which the tables leave out. */
    texts: () =>
      Object.fromEntries(
        [...sums].flatMap(([key, [one, other]]) =>
          one === 0 && other === 0 ? [] : [[key, `${one} ${other}`]],
        ),
      ),
  };
};

/** What the histories lead to, without any of the code of the projections. */
export const expectedViews = (pasts: readonly Past[]): Views => {
  const statuses: Record<string, string> = {};
  const [counts, revenue, refunds, sales] = [tally(), tally(), tally(), tally()];
  for (const { id, events } of pasts) {
    const order = fold(
      orderDecider,
      events.map(({ event }) => event),
    );
    if (order.status === 'none') continue;
    const { total, lines, status } = order;
    statuses[id] = status;
    counts.add(`${status} ${total.currency}`, 1, total.amount);
    const completed = events.find(({ event }) => event.type === 'completed');
    if (completed === undefined) continue;
    revenue.add(`${completed.at.toISOString().slice(0, 10)} ${total.currency}`, 1, total.amount);
    const refunded = events.flatMap(({ at, event }) => (event.type === 'refunded' ? [{ at, event }] : []));
    for (const { at, event } of refunded) {
      const day = `${at.toISOString().slice(0, 10)} ${total.currency}`;
      refunds.add(day, event.amount.amount, 0);
    }
    for (const { sku, quantity, unitPrice } of lines) {
      const returned = refunded.flatMap(({ event }) => event.lines.filter((line) => line.sku === sku));
      const units = returned.reduce((left, line) => left - line.quantity, quantity);
      sales.add(`${sku} ${unitPrice.currency}`, units, units * unitPrice.amount);
    }
  }
  return {
    ...{ statuses, counts: counts.texts(), revenue: revenue.texts() },
    ...{ refunds: refunds.texts(), sales: sales.texts() },
  };
};

/** What the tables of the read models say. */
export const readViews = async (db: Kysely<OrderTables>): Promise<Views> => {
  const orders = await db.selectFrom('customer_order').select(['order_id', 'status']).execute();
  const counts = await db.selectFrom('order_count').selectAll().execute();
  const revenue = await db
    .selectFrom('daily_revenue')
    .select([sql<string>`day::text`.as('day'), 'currency', 'orders', 'revenue', 'refunded'])
    .execute();
  const sales = await db.selectFrom('product_sale').selectAll().execute();
  return {
    statuses: Object.fromEntries(orders.map(({ order_id, status }) => [order_id, status])),
    counts: Object.fromEntries(
      counts.map(({ status, currency, orders: count, amount }) => [
        `${status} ${currency}`,
        `${count} ${amount}`,
      ]),
    ),
    revenue: Object.fromEntries(
      revenue.flatMap(
        ({ day, currency, orders: count, revenue: sum }) =>
          count === 0 ? [] : [[`${day} ${currency}`, `${count} ${sum}`]], // a day with refunds alone
      ),
    ),
    refunds: Object.fromEntries(
      revenue.flatMap(({ day, currency, refunded }) =>
        refunded === 0 ? [] : [[`${day} ${currency}`, `${refunded} 0`]],
      ),
    ),
    sales: Object.fromEntries(
      sales.map(({ sku, currency, units, revenue: sum }) => [`${sku} ${currency}`, `${units} ${sum}`]),
    ),
  };
};

/** Every row of every table of the read models. */
export const readTables = async (
  db: Kysely<OrderTables>,
  tables: readonly string[],
): Promise<readonly string[]> => {
  const found = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await sql<{ row: string }>`
        select to_jsonb(each)::text as row from ${sql.table(table)} as each order by 1`.execute(db);
      return rows.map(({ row }) => `${table} ${row}`);
    }),
  );
  return found.flat();
};
