import { serverFor } from '@emporium/servers';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { savePayments } from '../src/store/payments.ts';
import { openPayment } from './support/payment.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('saving payments'), () => {
  test('reads only the rows that are saved', async () => {
    const service = await openPayment(postgres.url, 'http://127.0.0.1:9');
    const read = await service.store.transaction(async ({ tx, now }) => {
      const fill = (from: number, to: number) =>
        sql`
          insert into payment (order_id, state)
          select 'order-' || n, '{"status": "voiding"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const payment = { status: 'voided' } as const;
      const change = () =>
        savePayments(tx, [{ id: 'order-1', isNew: false, state: payment, changes: [{ payment }] }], now);
      return rowsRead(tx, { tables: ['payment'], fill, run: change });
    });
    await service.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
