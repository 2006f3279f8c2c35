import { shop } from '@emporium/contracts';
import { applyEvents } from '@emporium/event-store';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { customerOrders } from '../src/views/customer-orders.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the list of orders'), () => {
  test('updating one row does not read the others', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const store = createStore<OrderTables>({ service: 'order', registry: shop, url, log });
    await store.migrate(migrations);
    const read = await store.transaction(async ({ tx, now }) => {
      const fill = (from: number, to: number) =>
        sql`
          insert into customer_order
          select 'order-' || n, 'customer', 'placed', 1, 'EUR', ${now}::timestamptz, ${now}::timestamptz
          from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      const completed = {
        id: 'event-2',
        stream: 'order-1',
        version: 2,
        at: now,
        event: { type: 'completed' },
        cause: { actor: { kind: 'unknown' } },
      } as const;
      const change = () => applyEvents(tx, customerOrders, 'public', [completed]);
      return rowsRead(tx, { tables: ['customer_order'], fill, run: change });
    });
    await store.close();
    await drop();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
