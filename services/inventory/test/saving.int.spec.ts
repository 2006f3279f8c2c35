import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { save } from '../src/store/book.ts';
import { openInventory } from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('reservations that are saved together'), () => {
  test('a change of one reads that one, not all that there are', async () => {
    const inventory = await openInventory(postgres.url);
    const read = await inventory.store.transaction(async ({ tx }) => {
      const insert = (from: number, to: number) =>
        sql`
          insert into reservation (order_id, state)
          select 'order-' || n, '{"status": "released"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const rowsRead = async () => {
        const { rows } = await sql<{ rows: number }>`
          select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) as rows
          from pg_stat_xact_user_tables where relname = 'reservation'`.execute(tx);
        return rows[0]?.rows ?? Number.NaN;
      };
      const reservations = new Map([['order-1', { status: 'released' } as const]]);
      const change = () => save(tx, { reservations, stock: new Map() });
      await insert(1, 1);
      await sql`analyze reservation`.execute(tx);
      for (let n = 0; n < 10; n += 1) await change(); // from then on by one plan
      await insert(2, 2_000);
      const before = await rowsRead();
      await change();
      return (await rowsRead()) - before;
    });
    await inventory.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
