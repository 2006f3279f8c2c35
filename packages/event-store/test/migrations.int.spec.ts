import { createRegistry } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { eventStoreMigrations } from '../src/index.ts';
import { silent } from './support.ts';

const postgres = await serverFor('postgres');
const registry = createRegistry({ contracts: [], subscriptions: [] });

describe.skipIf(!postgres.available)(postgres.title('an upgrade of the event store'), () => {
  test('puts the events of one stream in the order of their versions, and leaves the others alone', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const store = createStore({ service: 'order', registry, url, log: silent });
    const { '000-event-store-projections': newest, ...older } = eventStoreMigrations;
    expect(newest).toBeDefined();
    await store.migrate(older);
    await sql`
      insert into event (stream, version, id, type, data, at, transaction) values
        ('turned', 1, 'a', 'x', '{}', now(), '20'),
        ('turned', 2, 'b', 'x', '{}', now(), '9'),
        ('turned', 3, 'c', 'x', '{}', now(), '100'),
        ('right', 1, 'd', 'x', '{}', now(), '9'),
        ('right', 2, 'e', 'x', '{}', now(), '10')`.execute(store.db);
    await sql`insert into projection (name, version, transaction, position) values ('view', 2, '9', 2)`.execute(
      store.db,
    );
    await store.migrate(eventStoreMigrations);
    const { rows } = await sql<{ id: string; transaction: string }>`
      select id, transaction::text as transaction from event order by event.transaction, position`.execute(
      store.db,
    );
    expect(rows.map(({ id, transaction }) => `${id} ${transaction}`)).toEqual([
      'd 9',
      'e 10',
      'a 20',
      'b 20',
      'c 100',
    ]);
    expect((await sql`select version, position, failure from projection`.execute(store.db)).rows).toEqual([
      { version: 2, position: 2, failure: null },
    ]);
    await store.close();
    await drop();
  });
});
