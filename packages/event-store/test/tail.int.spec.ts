import { createRegistry } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { appendEvents, createEventTail, type EventTail, readStream } from '../src/index.ts';
import { type Counted, eventStore, silent, someCause } from './support.ts';

type NoTables = Record<never, never>;

const postgres = await serverFor('postgres');
const at = new Date('2026-01-01T00:00:00.000Z');

describe.skipIf(!postgres.available)(postgres.title('the tail of the events'), () => {
  let store: Store<NoTables>;
  let other: Store<NoTables>;
  let url: string;
  let close: () => Promise<void>;
  let tails: EventTail<Counted>[] = [];

  beforeAll(async () => {
    ({ store, url, close } = await eventStore<NoTables>(postgres.url));
    const registry = createRegistry({ contracts: [], subscriptions: [] });
    other = createStore<NoTables>({ service: 'order', registry, url, log: silent });
  });
  afterEach(async () => {
    await Promise.all(tails.map((tail) => tail.stop()));
    tails = [];
  });
  afterAll(async () => {
    await other.close();
    await close();
  });

  const open = () => {
    const tail = createEventTail<Counted, NoTables>(store, { log: silent });
    tails.push(tail);
    return tail;
  };
  const append = (stream: string, expectedVersion: number, count = 1, over = store) =>
    over.transaction(({ tx }) =>
      appendEvents<Counted, NoTables>(
        tx,
        [
          {
            ...{ stream, expectedVersion },
            changes: [{ events: Array(count).fill({ type: 'counted', by: 1 }), cause: someCause }],
          },
        ],
        at,
      ),
    );
  const collect = async (tail: EventTail<Counted>, stream: string) => {
    const versions: number[] = [];
    const failures: unknown[] = [];
    const remove = await tail.listen(stream, {
      next: ({ version }) => void versions.push(version),
      failed: (error) => void failures.push(error),
    });
    return { versions, failures, remove };
  };
  /** What is committed but not readable yet when a listener comes reaches it, too. */
  const newer = (versions: readonly number[], known: number) => versions.filter((version) => version > known);
  /** Other suites on the same server may delay the reader, with transactions of their own. */
  const patience = { timeout: 20_000, interval: 10 };

  test('a listener gets the new events of its stream, in order, and no others', async () => {
    await append('a', 0, 2);
    const { versions } = await collect(open(), 'a');
    await append('b', 0);
    await append('a', 2, 3);
    await append('a', 5);
    await expect.poll(() => newer(versions, 2), patience).toEqual([3, 4, 5, 6]);
  });

  test('events of another process are found without a signal', async () => {
    const { versions } = await collect(open(), 'remote');
    await append('remote', 0, 1, other);
    await expect.poll(() => versions, patience).toEqual([1]);
  });

  test('an event that commits late is not skipped', async () => {
    const { versions } = await collect(open(), 'late');
    const { versions: early } = await collect(open(), 'early');
    const slow = new pg.Client({ connectionString: url });
    await slow.connect();
    await slow.query('begin');
    await slow.query(
      `insert into event (stream, version, id, type, data, at)
       values ('late', 1, 'x', 'counted', '{"type":"counted","by":7}', now())`,
    );
    await append('early', 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(early).toEqual([]); // an older transaction is still open
    await slow.query('commit');
    await slow.end();
    await expect.poll(() => [...versions, ...early], patience).toEqual([1, 1]);
  });

  test('what is read after listening and what the listener gets are complete, however they race', async () => {
    const total = 60;
    const writing = (async () => {
      for (let version = 0; version < total; version += 1) await append('race', version);
    })();
    const reader = async (delayMs: number) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const { versions } = await collect(open(), 'race');
      const { version: read } = await readStream<Counted, NoTables>(store.db, 'race');
      await writing;
      const after = () => newer(versions, read);
      await expect.poll(() => read + after().length, patience).toBe(total);
      expect(after()).toEqual(Array.from({ length: total - read }, (_, n) => read + n + 1));
      return read;
    };
    const reads = await Promise.all(Array.from({ length: 20 }, (_, n) => reader(n * 5)));
    expect(Math.min(...reads)).toBeLessThan(total);
  });

  /** A store whose queries are counted. */
  const counting = () => {
    const queries: string[] = [];
    const db = store.db.withPlugin({
      transformQuery: ({ node }) => {
        queries.push(node.kind);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const tail = createEventTail<Counted, NoTables>({ onCommit: store.onCommit, db }, { log: silent });
    tails.push(tail);
    return { tail, queries };
  };

  test('a thousand listeners cost no more queries than one', async () => {
    const { tail, queries } = counting();
    const listeners = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => collect(tail, `many-${n % 100}`)),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(queries.length).toBeGreaterThan(0);
    expect(queries.length).toBeLessThan(10);
    await append('many-7', 0);
    await expect
      .poll(() => listeners.filter(({ versions }) => versions.length === 1).length, patience)
      .toBe(10);
  });

  test('it reads only while there are listeners', async () => {
    const { tail, queries: reads } = counting();
    await append('idle', 0);
    expect(reads).toHaveLength(0);
    const { remove, versions } = await collect(tail, 'idle');
    await append('idle', 1);
    await expect.poll(() => newer(versions, 1), patience).toEqual([2]);
    remove();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = reads.length;
    await append('idle', 2);
    await new Promise((resolve) => setTimeout(resolve, 1_300)); // longer than the poll
    expect(reads).toHaveLength(before);
    const again = await collect(tail, 'idle');
    await append('idle', 3);
    await expect.poll(() => newer(again.versions, 3), patience).toEqual([4]);
    expect(newer(versions, 1)).toEqual([2]);
  });

  test('an event that cannot be read ends the listeners of its stream, and no others', async () => {
    const tail = open();
    const [broken, fine] = [await collect(tail, 'broken'), await collect(tail, 'fine')];
    await sql`
      insert into event (stream, version, id, type, shape, data, at)
      values ('broken', 1, 'x', 'counted', 9, '{}', now())`.execute(store.db);
    await append('fine', 0);
    await expect.poll(() => fine.versions, patience).toEqual([1]);
    expect(broken.failures).toMatchObject([{ code: 'event-store.unknown_shape' }]);
  });

  test('a database that is away when the first listener comes is an error for that one', async () => {
    let isAway = true;
    const tail = createEventTail<Counted, NoTables>(
      {
        onCommit: store.onCommit,
        db: store.db.withPlugin({
          transformQuery: ({ node }) => {
            if (isAway) throw Object.assign(new Error('gone'), { code: '57P01' });
            return node;
          },
          transformResult: async ({ result }) => result,
        }),
      },
      { log: silent },
    );
    tails.push(tail);
    await expect(collect(tail, 'again')).rejects.toMatchObject({ code: 'store.database_away' });
    isAway = false;
    const { versions } = await collect(tail, 'again');
    await append('again', 0);
    await expect.poll(() => versions, patience).toEqual([1]);
  });
});
