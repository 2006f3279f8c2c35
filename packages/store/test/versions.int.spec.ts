import { emit, type Message, readMessage, schedule, unschedule, withContext } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../src/index.ts';
import { registry, totalled, totals } from './support/counting.ts';
import { type Counters, handle, openTestStore, type TestStore } from './support/inventory.ts';

const postgres = await serverFor('postgres');

interface Row {
  readonly message_id: string;
  readonly type: string;
  readonly body: Buffer;
}

describe.skipIf(!postgres.available)(postgres.title('an event with a deprecated version'), () => {
  let opened: TestStore;
  let store: Store<Counters>;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
    store = opened.store;
  });
  afterAll(() => opened?.close());
  beforeEach(() => opened.empty());

  const rows = async (): Promise<readonly Row[]> => {
    const found = await sql<Row>`select message_id, type, body from outbox order by id`.execute(store.db);
    return found.rows;
  };
  const typesInOutbox = async () => (await rows()).map(({ type }) => type);
  const dataOf = ({ body }: Row): unknown => JSON.parse(body.toString()).data;

  const emitTotal = (total: number) =>
    store.transaction(async ({ effects }) => void effects.push(emit(totalled, { counter: 'a', total })));

  test('is committed in both versions, the newer first, under one message id', async () => {
    await emitTotal(5);
    const both = await rows();
    expect(both.map(({ type }) => type)).toEqual(['counter.totalled.v2', 'counter.totalled']);
    expect(both.map(dataOf)).toEqual([
      { counter: 'a', total: 5 },
      { counter: 'a', n: 5 },
    ]);
    expect(both[0]?.message_id).toBe(both[1]?.message_id);
  });

  test('is scheduled, replaced and taken back in both', async () => {
    const later = (total: number) =>
      schedule(totalled, { counter: 'a', total }, new Date(Date.now() + 60_000), 'a');
    const push = (...effects: readonly (ReturnType<typeof later> | ReturnType<typeof unschedule>)[]) =>
      store.transaction(async (work) => void work.effects.push(...effects));
    await push(later(1));
    await push(later(2), later(3));
    expect((await rows()).map(dataOf)).toEqual([
      { counter: 'a', total: 3 },
      { counter: 'a', n: 3 },
    ]);
    await push(unschedule('a'));
    expect(await rows()).toEqual([]);
  });

  /** Both versions as a subscription to both reads them; its handler takes the newer. */
  const readBoth = async (): Promise<readonly Message[]> => {
    await emitTotal(7);
    return (await rows()).map(({ body }) => readMessage(registry, new Set([totalled]), body));
  };

  const runnerOf = (of: Store<Counters>) => {
    const onTotalled = handle(totalled, async ({ data }, { tx }) => {
      await tx.insertInto('effect').values({ counter: data.counter, n: data.total }).execute();
      return [];
    });
    const { run } = of.runner(totals, [onTotalled]);
    return (message: Message) =>
      withContext(message.context, () => run(message, new AbortController().signal));
  };

  const effects = async (): Promise<number[]> =>
    (await store.db.selectFrom('effect').select('n').execute()).map(({ n }) => n);

  test('is handled once by a subscription to both, whichever comes first', async () => {
    const run = runnerOf(store);
    for (const message of await readBoth()) await run(message);
    expect(await effects()).toEqual([7]);
    await opened.empty();
    for (const message of (await readBoth()).toReversed()) await run(message);
    expect(await effects()).toEqual([7]);
  });

  test('is handled once when both come together, to one instance or to two', async () => {
    const run = runnerOf(store);
    await Promise.all((await readBoth()).map(run));
    expect(await effects()).toEqual([7]);
    await opened.empty();
    const runs = [run, runnerOf(opened.again())];
    await Promise.all((await readBoth()).map((message, index) => runs[index]?.(message)));
    expect(await effects()).toEqual([7]);
    expect(await typesInOutbox()).toEqual(['counter.totalled.v2', 'counter.totalled']);
  });
});
