import { emit, type Message, withContext } from '@emporium/bus';
import { createRegistry, reaction } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createStore, type Handler, type Store } from '../src/index.ts';
import { count, counted, counting, reminded, registry as undeclared } from './support/counting.ts';
import {
  type Counters,
  callOutside,
  handle,
  openTestStore,
  received,
  type TestStore,
  tallies,
} from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('what a handler returns'), () => {
  const { contracts, subscriptions } = undeclared;
  const reactions = [reaction(counting.name, count, { leadsTo: [counted] })];
  const registry = createRegistry({ contracts, subscriptions, reactions });
  let opened: TestStore;
  let store: Store<Counters>;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
    store = createStore<Counters>({ service: 'inventory', registry, url: opened.url, log: opened.log });
  });
  afterAll(async () => {
    await store?.close();
    await opened?.close();
  });
  beforeEach(() => opened.empty());

  const runnerOf = (handler: Handler<Counters>) => {
    const { run } = store.runner(counting, [handler]);
    return (message: Message) =>
      withContext(message.context, () => run(message, new AbortController().signal));
  };
  const rowsOf = async (table: 'effect' | 'inbox' | 'outbox') => {
    const { rows } = await sql`select from ${sql.table(table)}`.execute(store.db);
    return rows.length;
  };

  /** Emits what is declared, and for 2 something else. */
  const counts = handle(count, async ({ data }, { tx }) => {
    await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
    const { counter, n } = data;
    return n === 2
      ? [emit(counted, { counter, n }), emit(reminded, { counter })]
      : emit(counted, { counter, n });
  });

  const fault = { code: 'store.undeclared_effect', settle: 'dead-letter' };

  test('is committed where it is declared', async () => {
    await runnerOf(counts)(received(count, { counter: 'a', n: 1 }));
    expect([await rowsOf('effect'), await rowsOf('inbox'), await rowsOf('outbox')]).toEqual([1, 1, 1]);
  });

  test('is refused where it is not, with all that the handler did, and names both', async () => {
    const handled = runnerOf(counts)(received(count, { counter: 'a', n: 2 }));
    await expect(handled).rejects.toMatchObject(fault);
    await expect(handled).rejects.toThrow('handled: inventory.count, effect: counter.reminded');
    expect([await rowsOf('effect'), await rowsOf('inbox'), await rowsOf('outbox')]).toEqual([0, 0, 0]);
  });

  test('is refused for that message of a group alone', async () => {
    const run = runnerOf(counts);
    const handled = [1, 2, 3].map((n) => run(received(count, { counter: `k${n}`, n })));
    expect((await Promise.allSettled(handled)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect([await rowsOf('effect'), await rowsOf('inbox'), await rowsOf('outbox')]).toEqual([2, 2, 2]);
  });

  test('is refused after a call to the outside, too', async () => {
    const calls = callOutside(count, tallies, {
      before: () => ({ request: 'please' }),
      call: async () => 'done',
      after: ({ data }) => ({ change: data.n, effects: emit(reminded, { counter: data.counter }) }),
    });
    await expect(runnerOf(calls)(received(count, { counter: 'a', n: 1 }))).rejects.toMatchObject(fault);
    expect([await rowsOf('effect'), await rowsOf('outbox')]).toEqual([0, 0]);
  });
});
