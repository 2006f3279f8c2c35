import { createRegistry } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { scrape } from '@emporium/telemetry';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { appendEvents, createProjections, type RunningProjection, startProjection } from '../src/index.ts';
import { type Counted, eventStore, silent, someCause } from './support.ts';
import { createTables, seen, type Tables, totals, versions } from './totals.ts';

const postgres = await serverFor('postgres');
const at = new Date('2026-01-01T00:00:00.000Z');

describe.skipIf(!postgres.available)(postgres.title('projection'), () => {
  let store: Store<Tables>;
  let url: string;
  let close: () => Promise<void>;
  let running: RunningProjection[] = [];

  beforeAll(async () => {
    ({ store, url, close } = await eventStore<Tables>(postgres.url));
    await createTables(store.db);
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    running = [];
  });
  afterAll(() => close());

  const start = (definition = totals(1), over = store) => {
    const started = startProjection(over, definition, { log: silent });
    running.push(started);
    return started;
  };
  const append = (stream: string, expectedVersion: number, by: number) =>
    store.transaction(({ tx }) =>
      appendEvents<Counted, Tables>(
        tx,
        [{ stream, expectedVersion, changes: [{ events: [{ type: 'counted', by }], cause: someCause }] }],
        at,
      ),
    );
  const sumOf = async (stream: string) =>
    (await store.db.selectFrom('total').selectAll().where('stream', '=', stream).executeTakeFirst())?.sum;
  /** Other suites on the same server may hold a projection up, with transactions of their own. */
  const becomes = (stream: string, sum: number) =>
    expect.poll(() => sumOf(stream), { timeout: 20_000, interval: 20 }).toBe(sum);

  test('it applies what was there before it started, and what comes after', async () => {
    await append('a', 0, 1);
    start();
    await becomes('a', 1);
    await append('a', 1, 2);
    await becomes('a', 3);
  });

  test('a scrape shows how far it is behind while all connections of the service are in use', async () => {
    const registry = createRegistry({ contracts: [], subscriptions: [] });
    const busy = createStore<Tables>({ service: 'order', registry, url, log: silent, connections: 1 });
    const { stages } = createProjections(busy, [totals(1)], silent);
    const stop = stages.find(({ name }) => name === 'metrics of projections')?.start();
    const { text } = await busy.transaction(() => scrape());
    await stop?.();
    await busy.close();
    expect(text).toMatch(/^emporium_projection_lag_events\{.*"totals".*\} \d+$/m);
  });

  test('an outage is logged once, and so is the recovery', async () => {
    const said: string[] = [];
    const say = (_: object, text: string) => void said.push(text);
    await sql`alter table projection rename to projection_away`.execute(store.db);
    running.push(startProjection(store, totals(1), { log: { info: say, warn: say, error: say } }));
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // it looks every second
    await sql`alter table projection_away rename to projection`.execute(store.db);
    await expect.poll(() => said, { timeout: 20_000 }).toContain('projection recovered');
    expect(said).toEqual([expect.stringContaining('projection failed, retrying: '), 'projection recovered']);
  });

  test('started again it goes on where it was, and applies nothing twice', async () => {
    start();
    await append('b', 0, 1);
    await becomes('b', 1);
    await running[0]?.stop();
    await append('b', 1, 10);
    start();
    await becomes('b', 11);
  });

  test('an event that commits late, after one with a higher position was read, is not skipped', async () => {
    start();
    const slow = new pg.Client({ connectionString: url });
    await slow.connect();
    await slow.query('begin');
    await slow.query(
      `insert into event (stream, version, id, type, data, at)
       values ('late', 1, 'x', 'counted', '{"type":"counted","by":7}', now())`,
    );
    await append('early', 0, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await sumOf('early')).toBeUndefined(); // held back: an older transaction is still open
    await slow.query('commit');
    await slow.end();
    await becomes('late', 7);
    await becomes('early', 1);
  });

  test('events of one stream come in their order, also when an older transaction appended after a younger one', async () => {
    const between = new pg.Client({ connectionString: url });
    const begun = Promise.withResolvers<void>();
    const mayAppend = Promise.withResolvers<void>();
    const late = store.transaction(async ({ tx }) => {
      await sql`select pg_current_xact_id()`.execute(tx); // as the inbox does, before the stream is locked
      begun.resolve();
      await mayAppend.promise;
      await appendEvents<Counted, Tables>(
        tx,
        [
          {
            stream: 'turn',
            expectedVersion: 2,
            changes: [{ events: [{ type: 'counted', by: 5 }, { type: 'reset' }], cause: someCause }],
          },
        ],
        at,
      );
    });
    await begun.promise;
    await between.connect();
    await between.query('begin');
    await between.query('select pg_current_xact_id()'); // delays what is younger, and not what is older
    await append('turn', 0, 1);
    await append('turn', 1, 3);
    mayAppend.resolve();
    await late;
    const order: number[] = [];
    running.push(startProjection(store, versions(order), { log: silent }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await between.query('commit');
    await between.end();
    await expect.poll(() => order, { timeout: 20_000 }).toEqual([1, 2, 3, 4]);
  });

  test('events come in the order of their transactions, also where the numbers of those get longer', async () => {
    for (const [stream, transaction] of Object.entries({ tenth: '10', ninth: '9' })) {
      await sql`
        insert into event (stream, version, id, type, data, at, transaction)
        values (${stream}, 1, 'x', 'counted', '{"type":"counted","by":1}', now(), ${transaction}::xid8)`.execute(
        store.db,
      );
    }
    const order: string[] = [];
    running.push(startProjection(store, seen(order), { log: silent }));
    await expect.poll(() => order.slice(0, 2), { timeout: 5_000 }).toEqual(['ninth', 'tenth']);
  });

  test('two instances apply each event once', async () => {
    const registry = createRegistry({ contracts: [], subscriptions: [] });
    const second = createStore<Tables>({ service: 'order', registry, url, log: silent });
    start();
    start(totals(1), second);
    await Promise.all(Array.from({ length: 50 }, (_, n) => append(`many-${n}`, 0, 1)));
    for (const n of [0, 25, 49]) await becomes(`many-${n}`, 1);
    await expect
      .poll(async () => {
        const { rows } = await sql<{ sum: number; rows: number }>`
          select sum(sum)::int as sum, count(*) as rows from total where stream like 'many-%'`.execute(
          store.db,
        );
        return rows[0];
      })
      .toEqual({ sum: 50, rows: 50 });
    await Promise.all(running.map((each) => each.stop()));
    running = [];
    await second.close();
  });

  test('a new version is built again from the first event', async () => {
    await append('r', 0, 2);
    start();
    await becomes('r', 2);
    await running[0]?.stop();
    start(totals(2, 10));
    await becomes('r', 20);
    await becomes('a', 30);
  });

  test('while a newer version runs, the older one leaves its tables alone', async () => {
    await append('u', 0, 3);
    const newer = start(totals(4, 100));
    await becomes('u', 300);
    await newer.stop();
    const older = start(totals(3, 1));
    await append('u', 1, 4);
    await older.catchUp();
    await older.catchUp();
    expect(await sumOf('u')).toBe(300);
    start(totals(4, 100));
    await becomes('u', 700);
  });

  test('what could not be read at once is read later, though nobody commits again', async () => {
    start(totals(4, 100));
    const slow = new pg.Client({ connectionString: url });
    await slow.connect();
    await slow.query('begin');
    await slow.query('select pg_current_xact_id()');
    await append('soon', 0, 1);
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // longer than the poll, which finds nothing
    await slow.query('commit');
    await slow.end();
    await becomes('soon', 100);
  });
});
