import { serverFor } from '@emporium/servers';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { saveShipments } from '../src/store/shipments.ts';
import { openShipping } from './support/shipping.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('saving shipments'), () => {
  test('reads only the rows that are saved', async () => {
    const service = await openShipping(postgres.url, 'http://127.0.0.1:9');
    const read = await service.store.transaction(async ({ tx }) => {
      const fill = (from: number, to: number) =>
        sql`
          insert into shipment (order_id, state)
          select 'order-' || n, '{"status": "cancelling"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const state = { status: 'cancelled' } as const;
      const change = () => saveShipments(tx, [{ id: 'order-1', isNew: false, state, changes: [state] }]);
      return rowsRead(tx, { tables: ['shipment'], fill, run: change });
    });
    await service.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
