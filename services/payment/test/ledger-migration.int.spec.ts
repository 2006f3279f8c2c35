import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { readPayments } from '../src/store/ledger.ts';
import type { Tables } from '../src/store/tables.ts';

const postgres = await serverFor('postgres');
const silent = { info: () => {}, warn: () => {}, error: () => {} };

describe.skipIf(!postgres.available)(postgres.title('the ledger of an earlier release'), () => {
  test('keeps its entries, and instances of that release can still write', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const store = createStore<Tables>({ service: 'payment', registry: shop, url, log: silent });
    const addEntry = (entry: string) =>
      sql`
        insert into payment_ledger (at, order_id, authorisation_id, entry, amount, currency)
        values (now(), 'o-1', 'a-1', ${entry}, 900, 'EUR')
        on conflict on constraint payment_ledger_once do nothing`.execute(store.db);
    try {
      const { '003-refunds': _, ...earlier } = migrations;
      await store.migrate(earlier);
      await sql`
        insert into payment (order_id, state) values ('o-1', ${JSON.stringify({
          status: 'refunded',
          total: { amount: 900, currency: 'EUR' },
          authorisationId: 'a-1',
        })}::jsonb)`.execute(store.db);
      for (const entry of ['authorised', 'captured', 'refunded']) await addEntry(entry);
      await store.migrate(migrations);
      for (const entry of ['captured', 'refunded']) await addEntry(entry); // repeated
      expect(await readPayments(store.db, { limit: 1 })).toEqual([
        { orderId: 'o-1', status: 'refunded', currency: 'EUR', held: 0, captured: 900, refunded: 900 },
      ]);
    } finally {
      await store.close();
      await drop();
    }
  });
});
