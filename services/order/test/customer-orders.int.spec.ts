import { shop } from '@emporium/contracts';
import { applyEvents } from '@emporium/event-store';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { rowsRead } from '@emporium/store/testing';
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { customerOrders } from '../src/views/customer-orders.ts';
import { operations } from '../src/views/operations.ts';
import { productSales } from '../src/views/product-sales.ts';

const postgres = await serverFor('postgres');
const lines = sql.lit(JSON.stringify([{ sku: 'S', quantity: 1, unitPrice: { amount: 1, currency: 'EUR' } }]));

/** Inserts a row for each number `n`. */
const fills: Readonly<Record<string, RawBuilder<unknown>>> = {
  customer_order: sql`'order-' || n, 'customer', 'placed', 1, 'EUR', now(), now()`,
  operations_order: sql`'order-' || n, 'customer', 'placed', now(), null, null, 1, 'EUR', null, '[]'::jsonb`,
  order_count: sql`'placed', 'EUR' || n, 1, 1`,
  daily_revenue: sql`'2000-01-01'::date + n, 'EUR', 1, 1, 0`,
  sold_order: sql`'order-' || n, ${lines}::jsonb, false, '[]'::jsonb`,
  product_sale: sql`'S' || n, 'EUR', 1, 1`,
};

describe.skipIf(!postgres.available)(postgres.title('a read model'), () => {
  test.each([customerOrders, operations, productSales])(
    'changes one order without reading the others: $name',
    async (projection) => {
      const { url, drop } = await freshDatabase(postgres.url);
      const log = { info: () => {}, warn: () => {}, error: () => {} };
      const store = createStore<OrderTables>({ service: 'order', registry: shop, url, log });
      await store.migrate(migrations);
      const read = await store.transaction(async ({ tx, now }) => {
        const fill = async (from: number, to: number) => {
          for (const table of projection.tables)
            await sql`
              insert into ${sql.table(table)} select ${fills[table]}
              from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
        };
        const completed = {
          id: 'event-2',
          stream: 'order-1',
          version: 2,
          at: now,
          event: { type: 'completed' },
          cause: { actor: { kind: 'unknown' } },
        } as const;
        const run = () => applyEvents(tx, projection, 'public', [completed]);
        return rowsRead(tx, { tables: projection.tables, fill, run });
      });
      await store.close();
      await drop();
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(10);
    },
  );
});
