import { causeOf, newContext } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendEvents, eventFormat, firstShape, loadState, readStream, readStreams } from '../src/index.ts';
import { type Counted, eventStore, someCause } from './support.ts';

type NoTables = Record<never, never>;

const postgres = await serverFor('postgres');
const at = new Date('2026-01-01T00:00:00.000Z');
const change = (...events: Counted[]) => [{ events, cause: someCause }];
const counted = (by: number): Counted => ({ type: 'counted', by });

describe.skipIf(!postgres.available)(postgres.title('event store'), () => {
  let store: Store<NoTables>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ store, close } = await eventStore<NoTables>(postgres.url));
  });
  afterAll(() => close());

  const append = (stream: string, expectedVersion: number, ...events: Counted[]) =>
    store.transaction(({ tx }) =>
      appendEvents<Counted, NoTables>(tx, [{ stream, expectedVersion, changes: change(...events) }], at),
    );
  const read = (stream: string) => store.transaction(({ tx }) => readStream<Counted, NoTables>(tx, stream));

  test('a stream gives back what was appended, in order, with versions from 1', async () => {
    await append('a', 0, counted(1), counted(2));
    await append('a', 2, { type: 'reset' });
    const { version, events } = await read('a');
    expect(version).toBe(3);
    expect(events.map(({ version: each, event }) => [each, event])).toEqual([
      [1, counted(1)],
      [2, counted(2)],
      [3, { type: 'reset' }],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    expect(events[0]?.at).toEqual(at);
  });

  test('each change keeps its own cause', async () => {
    const [customer, saga] = [
      causeOf(newContext({ correlationId: 'one' }), { kind: 'customer', id: 'c1' }),
      causeOf({ ...newContext(), causationId: 'm1' }, { kind: 'saga', name: 'fulfilment' }),
    ];
    await store.transaction(({ tx }) =>
      appendEvents<Counted, NoTables>(
        tx,
        [
          {
            stream: 'caused',
            expectedVersion: 0,
            changes: [
              { events: [counted(1)], cause: customer },
              { events: [counted(2), counted(3)], cause: saga },
            ],
          },
        ],
        at,
      ),
    );
    const { events } = await read('caused');
    expect(events.map(({ version, event, cause }) => [version, event, cause])).toEqual([
      [1, counted(1), customer],
      [2, counted(2), saga],
      [3, counted(3), saga],
    ]);
  });

  test('a read with a condition has the events that it is true for, and the last one', async () => {
    await append('part', 0, counted(1), counted(2), counted(1), counted(4));
    await append('other', 0, counted(5));
    const where = sql`data ->> 'by' = '1'`;
    const found = await readStreams<Counted, NoTables>(store.db, ['part', 'other', 'none'], { where });
    const versions = [...found].map(([id, { version, events }]) => [
      id,
      version,
      events.map((each) => each.version),
    ]);
    expect(versions).toEqual([
      ['part', 4, [1, 3, 4]],
      ['other', 1, [1]],
      ['none', 0, []],
    ]);
  });

  test('an append takes two statements, however many streams and events', async () => {
    const statements: string[] = [];
    await store.transaction(async ({ tx }) => {
      const spied = tx.withPlugin({
        transformQuery: ({ node }) => {
          statements.push(node.kind);
          return node;
        },
        transformResult: async ({ result }) => result,
      }) as typeof tx; // a transaction with a plugin is one
      const appends = Array.from({ length: 20 }, (_, n) => ({
        ...{ stream: `set-${n}`, expectedVersion: 0 },
        changes: [...change(counted(1)), ...change(counted(2), counted(3))],
      }));
      await appendEvents<Counted, NoTables>(spied, appends, at);
    });
    expect(statements).toHaveLength(2);
  });

  test('readers that order by transaction read a stream in the order of its versions', async () => {
    await append('order', 0, counted(1));
    const locked = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const early = store.transaction(async ({ tx }) => {
      await sql`select pg_current_xact_id()`.execute(tx); // as a group does that writes its inbox rows
      begun.resolve();
      await locked.promise;
      await appendEvents<Counted, NoTables>(
        tx,
        [{ stream: 'order', expectedVersion: 2, changes: change(counted(3)) }],
        at,
      );
    });
    await begun.promise;
    await append('order', 1, counted(2));
    locked.resolve();
    await early;
    const { rows } = await sql<{ version: number }>`
      select version from event where stream = 'order' order by transaction, position`.execute(store.db);
    expect(rows.map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  test('rows in an older shape are read in the newest, and new ones are written in it', async () => {
    await sql`
      insert into event (stream, version, id, type, data, at)
      values ('shapes', 1, 'x', 'counted', '{"type":"counted","count":"7"}', now())`.execute(store.db);
    await sql`insert into event_stream (stream, version) values ('shapes', 1)`.execute(store.db);
    interface CountedV1 {
      readonly type: 'counted';
      readonly count: string;
    }
    const format = eventFormat<Counted>({
      shapes: {
        counted: firstShape<CountedV1>().next(({ type, count }) => ({ type, by: Number(count) })),
      },
    });
    await store.transaction(({ tx }) =>
      appendEvents<Counted, NoTables>(
        tx,
        [{ stream: 'shapes', expectedVersion: 1, changes: change(counted(8), { type: 'reset' }) }],
        ...[at, format],
      ),
    );
    const { events } = await readStream<Counted, NoTables>(store.db, 'shapes', { format });
    expect(events.map(({ event }) => event)).toEqual([counted(7), counted(8), { type: 'reset' }]);
    expect(events.map(({ cause }) => cause.actor.kind)).toEqual(['unknown', 'service', 'service']);
    const { rows } = await sql<{ shape: number }>`
      select shape from event where stream = 'shapes' order by version`.execute(store.db);
    expect(rows.map(({ shape }) => shape)).toEqual([1, 2, 1]);
    await expect(read('shapes')).rejects.toMatchObject({ code: 'event-store.unknown_shape' });
    const load = store.transaction(({ tx }) =>
      loadState<number, Counted, NoTables>(tx, 'shapes', counter, { shape: 1, format }),
    );
    expect(await load).toEqual({ state: 0, version: 3 });
  });

  test('a stream that nobody began is empty, at version 0', async () =>
    expect(await read('nothing')).toEqual({ id: 'nothing', version: 0, events: [] }));

  test('an append on an old version is refused, and leaves nothing', async () => {
    await append('b', 0, counted(1));
    await expect(append('b', 0, counted(2))).rejects.toMatchObject({ code: 'event-store.version_conflict' });
    expect((await read('b')).version).toBe(1);
  });

  test('an append that skips a version is refused', async () => {
    await append('c', 0, counted(1));
    await expect(append('c', 7, counted(2))).rejects.toMatchObject({ code: 'event-store.version_conflict' });
  });

  test('an append that expects a stream which nobody began is refused', async () => {
    await expect(append('unbegun', 3, counted(1))).rejects.toMatchObject({
      code: 'event-store.version_conflict',
    });
    expect((await read('unbegun')).version).toBe(0);
  });

  test('of two appends at the same time on the same version one is refused', async () => {
    await append('d', 0, counted(1));
    const results = await Promise.allSettled([append('d', 1, counted(2)), append('d', 1, counted(3))]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await read('d')).version).toBe(2);
  });

  test('several streams are appended together or not at all', async () => {
    await append('e', 0, counted(1));
    const both = store.transaction(({ tx }) =>
      appendEvents<Counted, NoTables>(
        tx,
        [
          { stream: 'f', expectedVersion: 0, changes: change(counted(1)) },
          { stream: 'e', expectedVersion: 5, changes: change(counted(2)) },
        ],
        at,
      ),
    );
    await expect(both).rejects.toMatchObject({ code: 'event-store.version_conflict' });
    expect((await read('f')).version).toBe(0);
  });

  test('a locked stream waits for the other transaction, and then reads what it wrote', async () => {
    await append('g', 0, counted(1));
    const release = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const first = store.transaction(async ({ tx }) => {
      const { version } = await readStream<Counted, NoTables>(tx, 'g', { lock: true });
      locked.resolve();
      await release.promise;
      await appendEvents<Counted, NoTables>(
        tx,
        [{ stream: 'g', expectedVersion: version, changes: change(counted(2)) }],
        at,
      );
    });
    await locked.promise;
    const second = store.transaction(async ({ tx }) => {
      const found = await readStreams<Counted, NoTables>(tx, ['g'], { lock: true });
      return found.get('g')?.version;
    });
    const early = await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]);
    expect(early).toBe('waits');
    release.resolve();
    await first;
    expect(await second).toBe(2);
  });

  const counter = {
    initial: 0,
    evolve: (sum: number, event: Counted) => (event.type === 'reset' ? 0 : sum + event.by),
  };
  const snapshots = async () => {
    const { rows } = await sql<{ version: number }>`select version from snapshot where stream = 'h'`.execute(
      store.db,
    );
    return rows.map(({ version }) => version);
  };

  test('a long stream is read from its snapshot, with the same result', async () => {
    await append('h', 0, ...Array.from({ length: 60 }, () => counted(1)));
    const load = (shape: number) =>
      store.transaction(({ tx }) => loadState<number, Counted, NoTables>(tx, 'h', counter, { shape }));
    expect(await load(1)).toEqual({ state: 60, version: 60 });
    expect(await snapshots()).toEqual([60]);
    await append('h', 60, counted(5));
    expect(await load(1)).toEqual({ state: 65, version: 61 });
  });

  test('a snapshot of another shape is not used, and is written anew', async () => {
    const other = { initial: 0, evolve: (sum: number) => sum + 100 };
    const load = store.transaction(({ tx }) =>
      loadState<number, Counted, NoTables>(tx, 'h', other, { shape: 2 }),
    );
    expect(await load).toEqual({ state: 6_100, version: 61 });
    expect(await snapshots()).toEqual([61]);
  });
});
