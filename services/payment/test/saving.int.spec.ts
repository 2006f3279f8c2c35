import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { type Change, saveAll } from '../src/store/payments.ts';
import { openPayment } from './support/payment.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('payments that are saved together'), () => {
  test('a change of one reads that one, not all that there are', async () => {
    const service = await openPayment(postgres.url, 'http://127.0.0.1:9');
    const read = await service.store.transaction(async ({ tx, now }) => {
      const insert = (from: number, to: number) =>
        sql`
          insert into payment (order_id, state)
          select 'order-' || n, '{"status": "voiding"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const rowsRead = async () => {
        const { rows } = await sql<{ rows: number }>`
          select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) as rows
          from pg_stat_xact_user_tables where relname = 'payment'`.execute(tx);
        return rows[0]?.rows ?? Number.NaN;
      };
      const voided: Change = { payment: { status: 'voided' }, entries: [] };
      const change = () => saveAll(tx, new Map([['order-1', voided]]), now);
      await insert(1, 1);
      await sql`analyze payment`.execute(tx);
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
