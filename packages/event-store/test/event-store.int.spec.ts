import { serverFor } from '@emporium/servers';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendEvents, loadState, readStream, readStreams } from '../src/index.ts';
import { type Counted, eventStore } from './support.ts';

type NoTables = Record<never, never>;

const postgres = await serverFor('postgres');
const at = new Date('2026-01-01T00:00:00.000Z');
const counted = (by: number): Counted => ({ type: 'counted', by });

describe.skipIf(!postgres.available)(postgres.title('event store'), () => {
  let store: Store<NoTables>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ store, close } = await eventStore<NoTables>(postgres.url));
  });
  afterAll(() => close());

  const append = (stream: string, expectedVersion: number, ...events: Counted[]) =>
    store.transaction(({ tx }) => appendEvents(tx, [{ stream, expectedVersion, events }], at));
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
          { stream: 'f', expectedVersion: 0, events: [counted(1)] },
          { stream: 'e', expectedVersion: 5, events: [counted(2)] },
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
        [{ stream: 'g', expectedVersion: version, events: [counted(2)] }],
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
