import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { saveAll } from '../src/store/shipments.ts';
import { openShipping } from './support/shipping.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('shipments that are saved together'), () => {
  test('a change of one reads that one, not all that there are', async () => {
    const service = await openShipping(postgres.url, 'http://127.0.0.1:9');
    const read = await service.store.transaction(async ({ tx }) => {
      const insert = (from: number, to: number) =>
        sql`
          insert into shipment (order_id, state)
          select 'order-' || n, '{"status": "cancelling"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const rowsRead = async () => {
        const { rows } = await sql<{ rows: number }>`
          select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) as rows
          from pg_stat_xact_user_tables where relname = 'shipment'`.execute(tx);
        return rows[0]?.rows ?? Number.NaN;
      };
      const change = () => saveAll(tx, new Map([['order-1', { status: 'cancelled' }]]));
      await insert(1, 1);
      await sql`analyze shipment`.execute(tx);
      for (let n = 0; n < 10; n += 1) await change(); // from then on by one plan
      await insert(2, 2_000);
      const before = await rowsRead();
      await change();
      return (await rowsRead()) - before;
    });
    await service.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
