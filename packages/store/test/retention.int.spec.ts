import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Retention, retain } from '../src/index.ts';
import { eventually } from './support/eventually.ts';
import { openTestStore, type TestStore } from './support/inventory.ts';

const postgres = await serverFor('postgres');
const day = 24 * 60 * 60 * 1_000;

describe.skipIf(!postgres.available)(postgres.title('retention'), () => {
  let opened: TestStore;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });

  afterAll(() => opened?.close());

  beforeEach(async () => {
    await opened.empty();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** Rows of the inbox, named by how many days ago they were handled. */
  const handled = (daysAgo: number, many = 1) =>
    sql`insert into inbox
      select 'inventory.counting', ${daysAgo}::text || ':' || n, clock_timestamp() - ${daysAgo}::float8 * interval '1 day'
      from generate_series(1, ${many}::int) as n`.execute(opened.store.db);

  const left = async (): Promise<string[]> => {
    const { rows } = await sql<{
      message_id: string;
    }>`select message_id from inbox order by handled_at`.execute(opened.store.db);
    return rows.map(({ message_id }) => message_id);
  };

  const inbox: Retention = { table: 'inbox', column: 'handled_at', keepMs: 30 * day };

  test('removes what is past its time and nothing else', async () => {
    await handled(31);
    await handled(30.01);
    await handled(29.99);
    await handled(0);
    expect(await retain(opened.store.db, inbox)).toBe(2);
    expect(await left()).toEqual(['29.99:1', '0:1']);
    expect(await retain(opened.store.db, inbox)).toBe(0);
  });

  test('removes many in batches, each a transaction of its own', async () => {
    await handled(40, 2_500);
    await handled(1, 10);
    const sizes: number[] = [];
    await sql`create table removal (rows int)`.execute(opened.store.db);
    await sql`create function note_removal() returns trigger language plpgsql as
      $$ begin insert into removal select count(*) from gone; return null; end $$`.execute(opened.store.db);
    await sql`create trigger noted after delete on inbox referencing old table as gone
      for each statement execute function note_removal()`.execute(opened.store.db);
    expect(await retain(opened.store.db, inbox)).toBe(2_500);
    const { rows } = await sql<{ rows: number }>`select rows from removal`.execute(opened.store.db);
    sizes.push(...rows.map((removal) => removal.rows));
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(await left()).toHaveLength(10);
    await sql`drop trigger noted on inbox`.execute(opened.store.db);
  });

  test('two instances that sweep together remove each row once', async () => {
    await handled(40, 3_000);
    const other = opened.again();
    const removed = await Promise.all([retain(opened.store.db, inbox), retain(other.db, inbox)]);
    expect(removed[0] + removed[1]).toBe(3_000);
    expect(await left()).toEqual([]);
  });

  test('runs by itself after a minute, over the toolkit’s tables and the service’s own', async () => {
    await sql`create table if not exists audit (at timestamptz)`.execute(opened.store.db);
    await sql`insert into audit values (clock_timestamp() - interval '2 days'), (clock_timestamp())`.execute(
      opened.store.db,
    );
    await handled(31);
    await sql`insert into idempotency_key values
      ('s', 'old', 'h', 200, '{}', clock_timestamp() - interval '25 hours'),
      ('s', 'fresh', 'h', 200, '{}', clock_timestamp() - interval '23 hours')`.execute(opened.store.db);
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    const retention = opened.store.startRetention([{ table: 'audit', column: 'at', keepMs: day }]);
    vi.advanceTimersByTime(59_000);
    vi.advanceTimersByTime(2_000);
    vi.useRealTimers();
    await eventually(left).toEqual([]);
    const remaining = async () => {
      const { rows } = await sql<{ keys: string; audits: number }>`
        select (select string_agg(key, ',') from idempotency_key) as keys, (select count(*) from audit) as audits`.execute(
        opened.store.db,
      );
      return rows[0];
    };
    await eventually(remaining).toEqual({ keys: 'fresh', audits: 1 });
    retention.stop();
  });

  test('a table that it cannot sweep is named in the log, and does not stop the others', async () => {
    await handled(31);
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    const retention = opened.store.startRetention([{ table: 'nowhere', column: 'at', keepMs: day }]);
    vi.advanceTimersByTime(61_000);
    vi.useRealTimers();
    await eventually(left).toEqual([]);
    await eventually(() => opened.log.lines.join()).toContain('retention failed, retrying in an hour');
    retention.stop();
  });
});
