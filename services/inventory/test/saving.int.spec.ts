import { serverFor } from '@emporium/servers';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { saveReservations } from '../src/store/reservations.ts';
import { openInventory } from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('saving reservations'), () => {
  test('updating one row does not read the others', async () => {
    const inventory = await openInventory(postgres.url);
    const read = await inventory.store.transaction(async ({ tx }) => {
      const fill = (from: number, to: number) =>
        sql`
          insert into reservation (order_id, state)
          select 'order-' || n, '{"status": "released"}' from generate_series(${from}::integer, ${to}::integer) as n`.execute(
          tx,
        );
      const reservation = { status: 'released' } as const;
      const state = { reservation, stock: new Map() };
      const change = () =>
        saveReservations(tx, [{ id: 'order-1', isNew: false, state, changes: [{ reservation }] }]);
      return rowsRead(tx, { tables: ['reservation'], fill, run: change });
    });
    await inventory.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
