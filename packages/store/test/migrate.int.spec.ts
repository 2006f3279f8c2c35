import { freshDatabase, serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStore, type Migrations, type Store, statements } from '../src/index.ts';
import { registry } from './support/counting.ts';
import { createMemoryLog } from './support/log.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('migrations'), () => {
  let database: { url: string; drop(): Promise<void> };
  const stores: Store<unknown>[] = [];

  const instance = (): Store<unknown> => {
    const store = createStore({ service: 'inventory', registry, url: database.url, log: createMemoryLog() });
    stores.push(store);
    return store;
  };

  const tables = async (): Promise<string[]> => {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(instance().db);
    return rows.map(({ name }) => name);
  };

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
  });

  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database?.drop();
  });

  const slow: Migrations = {
    '001-once': statements(
      'select pg_sleep(0.3)',
      'create table once (n integer)',
      'insert into once values (1)',
    ),
  };

  test('run once, however many instances start together', async () => {
    await Promise.all([1, 2, 3].map(() => instance().migrate(slow)));
    await instance().migrate(slow);
    const { rows } = await sql`select n from once`.execute(instance().db);
    expect(rows).toEqual([{ n: 1 }]);
    expect(await tables()).toEqual(expect.arrayContaining(['idempotency_key', 'inbox', 'once', 'outbox']));
  });

  test('one that fails is named with its cause, and leaves nothing of its own behind', async () => {
    const broken: Migrations = {
      ...slow,
      '002-fine': statements('create table fine (n integer)'),
      '003-broken': statements('create table broken (n integer)', 'insert into broken values (1 / 0)'),
    };
    await expect(instance().migrate(broken)).rejects.toMatchObject({
      code: 'store.migration_failed',
      message: expect.stringMatching(/003-broken.*division by zero/),
    });
    expect(await tables()).not.toEqual(expect.arrayContaining(['broken']));
    expect(await tables()).toEqual(expect.arrayContaining(['fine']));
    await instance().migrate({ ...broken, '003-broken': statements('create table mended (n integer)') });
    expect(await tables()).toEqual(expect.arrayContaining(['fine', 'mended']));
  });

  test('one holds no lock while a later one runs', async () => {
    await sql`create table in_use (n integer)`.execute(instance().db);
    const names = { ...slow, '002-fine': statements(), '003-broken': statements() };
    const migrating = instance().migrate({
      ...names,
      '004-short': statements('alter table in_use add column m integer'),
      '005-long': statements('select pg_sleep(2)'),
    });
    const columns = async () => {
      const { rows } = await sql`
        select from information_schema.columns where table_name = 'in_use'`.execute(instance().db);
      return rows.length;
    };
    await expect.poll(columns, { interval: 20 }).toBe(2);
    const start = performance.now();
    await sql`insert into in_use values (1)`.execute(instance().db);
    expect(performance.now() - start).toBeLessThan(1_500);
    await migrating;
    await sql`delete from migration where name in ('004-short', '005-long')`.execute(instance().db);
  });

  test('a new one of a package runs, although its name comes before one that has run', async () => {
    const before = { ...slow, '002-fine': statements(), '003-broken': statements() };
    await instance().migrate({ ...before, '000-package-2': statements('create table later (n integer)') });
    expect(await tables()).toEqual(expect.arrayContaining(['later']));
    await sql`delete from migration where name = '000-package-2'`.execute(instance().db);
  });

  test('one that ran and is gone from the code is a clear error', async () => {
    await expect(instance().migrate({})).rejects.toThrow(/001-once/);
  });

  test('a connection that prepared a statement before survives a change of its table by another instance', async () => {
    const store = instance();
    await sql`create table widened (n integer)`.execute(store.db);
    const read = () => sql`select * from widened`.execute(store.db);
    await read();
    await sql`alter table widened add column m integer`.execute(instance().db);
    await expect(read()).rejects.toThrow('cached plan'); // outside of a transaction nothing is tried again in place
    await read();
    await store.transaction(async ({ tx }) => void (await sql`select * from widened`.execute(tx)));
    await sql`alter table widened drop column m`.execute(instance().db);
    await store.transaction(async ({ tx }) => void (await sql`select * from widened`.execute(tx)));
  });
});
