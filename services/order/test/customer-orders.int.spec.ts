import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { customerOrders } from '../src/views/customer-orders.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the list of orders'), () => {
  test('a change of one reads that one, not all that there are', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const store = createStore<OrderTables>({ service: 'order', registry: shop, url, log });
    await store.migrate(migrations);
    const read = await store.transaction(async ({ tx, now }) => {
      const insert = (from: number, to: number) =>
        sql`
          insert into customer_order
          select 'order-' || n, 'customer', 'placed', 1, 'EUR', ${now}::timestamptz, ${now}::timestamptz
          from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      const rowsRead = async () => {
        const { rows } = await sql<{ rows: number }>`
          select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) as rows
          from pg_stat_xact_user_tables where relname = 'customer_order'`.execute(tx);
        return rows[0]?.rows ?? Number.NaN;
      };
      const completed = {
        id: 'event-2',
        stream: 'order-1',
        version: 2,
        at: now,
        event: { type: 'completed' },
      } as const;
      const change = () => customerOrders.apply([completed], tx);
      await insert(1, 1);
      await sql`analyze customer_order`.execute(tx);
      for (let n = 0; n < 10; n += 1) await change(); // from then on by one plan
      await insert(2, 2_000);
      const before = await rowsRead();
      await change();
      return (await rowsRead()) - before;
    });
    await store.close();
    await drop();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
