import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { lookUpMails } from '../src/store/sent-mails.ts';
import type { Tables } from '../src/store/tables.ts';

const postgres = await serverFor('postgres');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(!postgres.available)(postgres.title('the lookup of mails'), () => {
  test('reads only the rows of those mails', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const store = createStore<Tables>({ service: 'email', registry: shop, url, log: silent });
    await store.migrate(migrations);
    const read = await store.transaction(async ({ tx }) => {
      const fill = async (from: number, to: number) => {
        await sql`
          insert into recipient select 'user-' || n, n || '@example.com', 'n', n
          from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
        await sql`
          insert into mail select 'mail-' || n, 'e', 'welcome', 'user-' || n, clock_timestamp()
          from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      };
      const due = Array.from({ length: 20 }, (_, n) => ({
        messageId: `mail-${n + 1}`,
        userId: `user-${n + 1}`,
      }));
      const run = async () => {
        const recipient = { userId: 'user-1', email: '1@example.com', name: 'n' };
        expect((await lookUpMails(tx, due))[0]).toEqual({ wasSent: true, recipient });
      };
      return rowsRead(tx, { tables: ['mail', 'recipient'], fill, run, few: 3 });
    });
    await store.close();
    await drop();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(100);
  });
});
