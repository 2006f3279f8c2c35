import { spawn } from 'node:child_process';
import { createRegistry } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  appendEvents,
  createBuild,
  type RunningProjection,
  startProjection,
  statusOf,
} from '../src/index.ts';
import { type Counted, eventStore, silent, someCause } from './support.ts';
import { createTables, type Tables, totals } from './totals.ts';

const postgres = await serverFor('postgres');
const at = new Date('2026-01-01T00:00:00.000Z');
const patience = { timeout: 20_000, interval: 20 };
const letters = ['a', 'b', 'c', 'd'];

describe.skipIf(!postgres.available)(postgres.title('a projection that is built beside the live one'), () => {
  let store: Store<Tables>;
  let url: string;
  let close: () => Promise<void>;
  let running: RunningProjection[] = [];
  const versions = new Map<string, number>();

  beforeAll(async () => {
    ({ store, url, close } = await eventStore<Tables>(postgres.url));
    await createTables(store.db);
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    running = [];
  });
  afterAll(() => close());

  const start = (version = 1, times = 1) => {
    const started = startProjection(store, totals(version, times), { log: silent });
    running.push(started);
    return started;
  };
  /** Other suites on the same server may delay a projection, with transactions of their own. */
  const isUpToDate = () =>
    expect.poll(async () => (await statusOf(store.db, { name: 'totals' }, 10)).lag.events, patience).toBe(0);
  const startAll = () => {
    start();
    return isUpToDate();
  };
  const append = async (stream: string, ...events: Counted[]) => {
    const expectedVersion = versions.get(stream) ?? 0;
    versions.set(stream, expectedVersion + events.length);
    await store.transaction(({ tx }) =>
      appendEvents<Counted, Tables>(
        tx,
        [{ stream, expectedVersion, changes: [{ events, cause: someCause }] }],
        at,
      ),
    );
  };
  const counted = (by: number): Counted => ({ type: 'counted', by });
  const many = (count: number): Counted[] =>
    Array.from({ length: count }, (_, n) => (n % 7 === 6 ? { type: 'reset' } : counted(n)));
  const fill = async (count: number) => {
    for (const letter of letters) await append(`${letter}-filled`, ...many(count));
  };
  const tables = async () => {
    const rows = await store.db.selectFrom('total').selectAll().orderBy('stream').execute();
    const sums = await store.db.selectFrom('letter').selectAll().orderBy('letter').execute();
    return { rows, sums };
  };
  const expected = async (times = 1) => {
    const { rows } = await sql<{ stream: string; data: Counted }>`
      select stream, data from event order by stream, version`.execute(store.db);
    const sums = new Map<string, { sum: number; events: number }>();
    for (const { stream, data } of rows) {
      const { sum, events } = sums.get(stream) ?? { sum: 0, events: 0 };
      sums.set(stream, { sum: data.type === 'reset' ? 0 : sum + data.by * times, events: events + 1 });
    }
    const byLetter = new Map<string, { streams: number; sum: number }>();
    for (const [stream, { sum }] of sums) {
      const letter = stream.slice(0, 1);
      const before = byLetter.get(letter) ?? { streams: 0, sum: 0 };
      byLetter.set(letter, { streams: before.streams + 1, sum: before.sum + sum });
    }
    return {
      rows: [...sums]
        .map(([stream, row]) => ({ stream, ...row }))
        .toSorted((one, other) => (one.stream < other.stream ? -1 : 1)),
      sums: [...byLetter]
        .map(([letter, row]) => ({ letter, ...row }))
        .toSorted((one, other) => (one.letter < other.letter ? -1 : 1)),
    };
  };
  const indexes = async () => {
    const { rows } = await sql`
      select tablename, indexname, indexdef from pg_indexes
      where tablename in ('total', 'letter') order by indexname`.execute(store.db);
    return rows;
  };
  const rebuild = (args: readonly string[] = [], failpoint?: string) => {
    const child = spawn(
      process.execPath,
      [new URL('./rebuild-process.ts', import.meta.url).pathname, url, 'rebuild', 'totals', ...args],
      { env: { ...process.env, ...(failpoint === undefined ? {} : { EMPORIUM_FAILPOINT: failpoint }) } },
    );
    let output = '';
    const add = (chunk: Buffer) => {
      output += chunk;
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', add);
    const ended = new Promise<{ code: number | null; signal: string | null; output: string }>((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal, output })),
    );
    return { ended, kill: () => child.kill('SIGKILL') };
  };
  const spoil = async () => {
    await sql`update total set sum = sum + 1000`.execute(store.db);
    await sql`update letter set sum = 7`.execute(store.db);
  };

  test('has the rows that follow from the events, and the same indexes and constraints', async () => {
    await fill(500);
    await startAll();
    const before = await indexes();
    await spoil();
    const { code, output } = await rebuild().ended;
    expect([code, output]).toEqual([0, expect.stringContaining('totals: the new tables are live')]);
    await isUpToDate();
    expect(await tables()).toEqual(await expected());
    expect(await indexes()).toEqual(before);
    expect((await statusOf(store.db, { name: 'totals' }, 10)).build).toBeUndefined();
  });

  test('leaves the live tables up to date and readable all the time, and counts nothing twice', async () => {
    await fill(1_500);
    await startAll();
    let done = false;
    const failures: unknown[] = [];
    const orders = (async () => {
      for (let n = 0; !done; n += 1) await append(`${letters[n % 4]}-live-${n % 50}`, ...many(1 + (n % 9)));
    })();
    const readers = letters.map(async (letter) => {
      let most = 0;
      while (!done) {
        try {
          const { rows } = await sql<{ events: number }>`
            select coalesce(sum(events), 0) as events from total where stream like ${`${letter}%`}`.execute(
            store.db,
          );
          const events = rows[0]?.events ?? 0;
          if (events < most) failures.push(`${events} events after ${most}`);
          most = events;
        } catch (error) {
          failures.push(error);
        }
      }
    });
    const { code, output } = await rebuild().ended;
    done = true;
    await Promise.all([orders, ...readers]);
    expect([code, output]).toEqual([0, expect.stringContaining('live')]);
    expect(failures).toEqual([]);
    await isUpToDate();
    expect(await tables()).toEqual(await expected());
  });

  test('goes on where it was after kills, at any transaction', async () => {
    await startAll();
    await spoil();
    const spoilt = await tables();
    const events: number[] = [];
    for (const time of [1, 2, 3, 4]) {
      const { signal } = await rebuild([], `transaction.before-commit@${time}`).ended;
      expect(signal).toBe('SIGKILL');
      expect(await tables()).toEqual(spoilt);
      events.push((await statusOf(store.db, { name: 'totals' }, 10)).build?.events ?? 0);
    }
    expect(events).toEqual(events.toSorted((one, other) => one - other));
    expect(events.at(-1)).toBeGreaterThan(1_000);
    const { code, output } = await rebuild().ended;
    expect([code, output]).toEqual([0, expect.stringContaining('goes on to build version 1')]);
    expect(await tables()).toEqual(await expected());
  });

  test('is one build, however many processes work on it at the same time', async () => {
    await fill(1_000);
    await startAll();
    await spoil();
    const results = await Promise.all([rebuild(), rebuild(), rebuild()].map(({ ended }) => ended));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await tables()).toEqual(await expected());
  });

  test('begins again with --from-start', async () => {
    const build = createBuild(store, totals(1), silent);
    expect(await build.begin()).toBe('begun');
    await build.step();
    expect(await build.begin()).toBe('joined');
    const { code, output } = await rebuild(['--from-start']).ended;
    expect([code, output]).toEqual([0, expect.stringContaining('totals: builds version 1')]);
    expect(await tables()).toEqual(await expected());
  });

  test('waits for a reader of the live tables, and does not block new readers', async () => {
    await startAll();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const long = store.db.transaction().execute(async (tx) => {
      await sql`select count(*) from total`.execute(tx);
      await done;
    });
    const rebuilding = rebuild();
    const early = await Promise.race([
      rebuilding.ended,
      new Promise((resolve) => setTimeout(resolve, 3_000, 'waits')),
    ]);
    expect(early).toBe('waits');
    expect(await tables()).toEqual(await expected());
    finish();
    await long;
    expect((await rebuilding.ended).code).toBe(0);
  });

  test('of a raised version is begun by its process, while the older one keeps the live tables up to date', async () => {
    const older = createStore<Tables>({
      ...{ service: 'order', registry: createRegistry({ contracts: [], subscriptions: [] }) },
      ...{ url, log: silent },
    });
    running.push(startProjection(older, totals(1), { log: silent }));
    await fill(1_000);
    await isUpToDate();
    const build = createBuild(store, totals(2, 10), silent);
    expect(await build.begin()).toBe('begun');
    await build.step();
    await append('a-during', counted(3));
    await isUpToDate();
    expect(await tables()).toEqual(await expected());
    start(2, 10);
    await expect
      .poll(async () => (await statusOf(store.db, { name: 'totals' }, 10)).version, patience)
      .toBe(2);
    await append('a-during', counted(4));
    await isUpToDate();
    expect(await tables()).toEqual(await expected(10));
    expect((await rebuild().ended).output).toContain('version 2 is live, and this code has version 1');
    await running[0]?.stop();
    await older.close();
  });
});
