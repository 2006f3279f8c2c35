import { emit, type Message, permanent, withContext } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Handler, Store } from '../src/index.ts';
import { count, counted, counting, heard, reminded } from './support/counting.ts';
import { eventually } from './support/eventually.ts';
import {
  type Counters,
  callOutside,
  handle,
  handleBatch,
  openTestStore,
  received,
  type TestStore,
  tallies,
  talliesOf,
  unitOfWork,
} from './support/inventory.ts';

const postgres = await serverFor('postgres');
const signal = new AbortController().signal;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Opens from outside. */
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

describe.skipIf(!postgres.available)(postgres.title('a runner'), () => {
  let opened: TestStore;
  let store: Store<Counters>;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
    store = opened.store;
  });

  afterAll(() => opened?.close());

  beforeEach(() => opened.empty());

  const runnerOf = (
    handler: Handler<Counters>,
    of: Store<Counters> = store,
  ): ((message: Message) => Promise<void>) => {
    const { run } = of.runner(counting, [handler]);
    return (message) => withContext(message.context, () => run(message, signal));
  };

  const ask = (n: number, more: Partial<Message<typeof count>> = {}) =>
    received(count, { counter: `k${n}`, n }, more);

  const effects = async (): Promise<number[]> =>
    (await store.db.selectFrom('effect').select('n').orderBy('id').execute()).map(({ n }) => n);

  const outbox = async (): Promise<{ key: string; envelope: Record<string, unknown> }[]> => {
    const { rows } = await sql<{
      key: string;
      body: Buffer;
    }>`select key, body from outbox order by id`.execute(store.db);
    return rows.map(({ key, body }) => ({ key, envelope: JSON.parse(body.toString()) }));
  };

  /** Records its effect, answers with an event, and fails for the numbers that it is told. */
  const recording = ({
    poison = [],
    failure = new Error('poison'),
  }: {
    poison?: number[];
    failure?: Error;
  } = {}) => {
    const calls: number[] = [];
    const handler = handle(count, async ({ data }, { tx }) => {
      calls.push(data.n);
      await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
      if (poison.includes(data.n)) throw failure;
      return emit(counted, { counter: data.counter, n: data.n });
    });
    return { calls, handler };
  };

  const settledStates = async (running: readonly Promise<void>[]) =>
    (await Promise.allSettled(running)).map(({ status }) => status);

  describe('the inbox', () => {
    test('the same message again has no second effect', async () => {
      const { handler, calls } = recording();
      const run = runnerOf(handler);
      const message = ask(1);
      await run(message);
      await run(message);
      expect(calls).toEqual([1]);
      expect(await effects()).toEqual([1]);
      expect(await outbox()).toHaveLength(1);
    });

    test('the same message twice at one time has one effect', async () => {
      const { handler, calls } = recording();
      const run = runnerOf(handler);
      const message = ask(1);
      await Promise.all([run(message), run(ask(2)), run(message), run(message)]);
      expect(calls).toEqual([1, 2]);
      expect(await effects()).toEqual([1, 2]);
    });

    test('two instances with the same messages in another order have each effect once', async () => {
      const slow = (calls: number[]) =>
        handle(count, async ({ data }, { tx }) => {
          calls.push(data.n);
          await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
          await sleep(5);
          return emit(counted, { counter: data.counter, n: data.n });
        });
      const [one, two] = [runnerOf(slow([])), runnerOf(slow([]), opened.again())] as const;
      const messages = Array.from({ length: 40 }, (_, n) => ask(n));
      await Promise.all([...messages.map(one), ...messages.toReversed().map(two)]);
      expect((await effects()).toSorted((a, b) => a - b)).toEqual(messages.map((_, n) => n));
      expect(await outbox()).toHaveLength(40);
    });

    test('a second instance that waits for the first has the effect when the first one fails', async () => {
      const first = gate();
      const failing = handle(count, async () => {
        await first.opened;
        throw new Error('the first fails');
      });
      const message = ask(1);
      const one = runnerOf(failing)(message);
      await eventually(async () => {
        const { rows } =
          await sql`select from pg_locks where relation = 'inbox'::regclass and granted`.execute(store.db);
        return rows.length;
      }).toBeGreaterThan(0);
      const two = runnerOf(recording().handler, opened.again())(message);
      await sleep(100);
      first.open();
      await expect(one).rejects.toThrow('the first fails');
      await two;
      expect(await effects()).toEqual([1]);
    });

    test('a message that failed is handled by its next delivery', async () => {
      const poison = [1];
      const { handler } = recording({ poison });
      const run = runnerOf(handler);
      const message = ask(1);
      await expect(run(message)).rejects.toThrow('poison');
      poison.pop();
      await run(message);
      expect(await effects()).toEqual([1]);
    });

    test('another subscription has its own effect of the same message', async () => {
      const { handler } = recording();
      await runnerOf(handler)(ask(1, { id: 'shared' }));
      const other = store.runner({ ...counting, name: 'inventory.other' }, [handler]);
      await other.run(ask(1, { id: 'shared' }), signal);
      expect(await effects()).toEqual([1, 1]);
    });
  });

  describe('a group', () => {
    test('shares one transaction, by key, whatever the order of arrival', async () => {
      const transactions = new Set<string>();
      const calls: number[] = [];
      const handler = handle(count, async ({ data }, { tx }) => {
        const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(tx);
        transactions.add(rows[0]!.id);
        calls.push(data.n);
        return emit(counted, { counter: data.counter, n: data.n });
      });
      const run = runnerOf(handler);
      await Promise.all([3, 1, 2].map((n) => run(ask(n))));
      expect(transactions.size).toBe(1);
      expect(calls).toEqual([1, 2, 3]);
      expect((await outbox()).map(({ key }) => key)).toEqual(['k1', 'k2', 'k3']);
    });

    test('each member gives its own context to what follows from it', async () => {
      const run = runnerOf(recording().handler);
      const context = (id: string, hops: number) => ({
        correlationId: `request-${id}`,
        causationId: id,
        traceparent: '',
        hops,
      });
      await Promise.all([
        run(ask(1, { id: 'm1', context: context('m1', 0) })),
        run(ask(2, { id: 'm2', context: context('m2', 4) })),
      ]);
      expect((await outbox()).map(({ envelope }) => envelope)).toEqual([
        expect.objectContaining({ correlationid: 'request-m1', causationid: 'm1', hops: 1 }),
        expect.objectContaining({ correlationid: 'request-m2', causationid: 'm2', hops: 5 }),
      ]);
    });

    test('with a poisoned member the others are committed exactly once, and it alone fails', async () => {
      const { handler } = recording({ poison: [7] });
      const run = runnerOf(handler);
      const states = await settledStates(Array.from({ length: 20 }, (_, n) => run(ask(n))));
      expect(states).toEqual(Array.from({ length: 20 }, (_, n) => (n === 7 ? 'rejected' : 'fulfilled')));
      expect(await effects()).toEqual([...Array(20).keys()].filter((n) => n !== 7));
      expect(await outbox()).toHaveLength(19);
    });

    test('a member that breaks the transaction in the database does not take the others with it', async () => {
      const handler = handle(count, async ({ data }, { tx }) => {
        await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
        if (data.n === 2) await sql`select 1 / 0`.execute(tx).catch(() => undefined); // swallowed: the transaction is lost
      });
      const run = runnerOf(handler);
      const states = await settledStates([1, 2, 3].map((n) => run(ask(n))));
      expect(states).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await effects()).toEqual([1, 3]);
    });

    test('a member whose effect does not fit its contract fails for good, alone', async () => {
      const handler = handle(count, async ({ data }) =>
        emit(counted, { counter: data.counter, n: data.n + 0.5 * (data.n % 2) }),
      );
      const run = runnerOf(handler);
      const [one, two] = await Promise.allSettled([run(ask(1)), run(ask(2))]);
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'bus.invalid_message', settle: 'dead-letter' },
      });
      expect(two).toMatchObject({ status: 'fulfilled' });
      expect(await outbox()).toHaveLength(1);
    });

    test('a permanent failure stays permanent', async () => {
      const run = runnerOf(recording({ poison: [1], failure: permanent('no such counter') }).handler);
      await expect(run(ask(1))).rejects.toMatchObject({ settle: 'dead-letter' });
    });

    test('when the database goes away all of it is to be held, and nothing is tried one by one', async () => {
      const calls: number[] = [];
      const handler = handle(count, async ({ data }, { tx }) => {
        calls.push(data.n);
        if (data.n === 2) {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          await sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(store.db);
        }
        await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
      });
      const run = runnerOf(handler);
      const results = await Promise.allSettled([1, 2, 3].map((n) => run(ask(n))));
      expect(results).toEqual(
        [1, 2, 3].map(() =>
          expect.objectContaining({
            status: 'rejected',
            reason: expect.objectContaining({ settle: 'pause' }),
          }),
        ),
      );
      expect(calls).toEqual([1, 2]);
      expect(await effects()).toEqual([]);
    });

    test('a message is not made to wait for others', async () => {
      const run = runnerOf(recording().handler);
      await run(ask(0));
      const before = performance.now();
      for (let n = 1; n <= 20; n += 1) await run(ask(n));
      expect((performance.now() - before) / 20).toBeLessThan(30);
    });
  });

  describe('a batch handler', () => {
    const batched = (poison: readonly number[] = []) => {
      const calls: number[][] = [];
      const handler = handleBatch(count, async (messages, { tx }) => {
        calls.push(messages.map(({ data }) => data.n));
        if (messages.some(({ data }) => poison.includes(data.n))) throw new Error('poison');
        await tx
          .insertInto('effect')
          .values(messages.map(({ data }) => ({ counter: data.counter, n: data.n })))
          .execute();
        return messages.map(({ data }) =>
          data.n === 2 ? undefined : emit(counted, { counter: data.counter, n: data.n }),
        );
      });
      return { calls, handler };
    };

    test('gets all available messages in one call, and answers each', async () => {
      const { calls, handler } = batched();
      const run = runnerOf(handler);
      await Promise.all([3, 1, 2].map((n) => run(ask(n))));
      expect(calls).toEqual([[1, 2, 3]]);
      expect((await outbox()).map(({ key }) => key)).toEqual(['k1', 'k3']);
    });

    test('gets each by itself when it throws', async () => {
      const { calls, handler } = batched([2]);
      const run = runnerOf(handler);
      expect(await settledStates([1, 2, 3].map((n) => run(ask(n))))).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
      expect(await effects()).toEqual([1, 3]);
    });

    test('never sees one that has expired, which fails alone', async () => {
      const { calls, handler } = batched();
      const run = runnerOf(handler);
      const states = await settledStates([
        run(ask(1)),
        run(ask(2, { expiry: new Date(Date.now() - 1) })),
        run(ask(3)),
      ]);
      expect(states).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(calls.flat()).not.toContain(2);
      expect(await effects()).toEqual([1, 3]);
    });

    test('one that forgets to answer some is a failure', async () => {
      const forgetful = handleBatch(count, async () => []);
      await expect(runnerOf(forgetful)(ask(1))).rejects.toMatchObject({ settle: 'dead-letter' });
    });
  });

  describe('an expired command', () => {
    const expiry = new Date(Date.now() - 1_000);

    test('is answered in place of being executed', async () => {
      let executed = 0;
      const handler = handle(
        count,
        async () => {
          executed += 1;
        },
        { expired: async ({ data }) => emit(counted, { counter: data.counter, n: 0 }) },
      );
      const run = runnerOf(handler);
      const message = ask(1, { expiry });
      await run(message);
      await run(message);
      expect(executed).toBe(0);
      expect((await outbox()).map(({ key }) => key)).toEqual(['k1']);
    });

    test('is a dead letter where nothing answers for it', async () => {
      await expect(runnerOf(recording().handler)(ask(1, { expiry }))).rejects.toMatchObject({
        code: 'bus.expired',
        settle: 'dead-letter',
      });
      expect(await effects()).toEqual([]);
    });

    test('of the outside is not asked of it, although it expires on the way', async () => {
      const asked: string[] = [];
      const handler = callOutside(count, tallies, {
        before: () => {
          asked.push('before');
          return { request: undefined };
        },
        call: async () => {
          asked.push('call');
        },
        after: () => {
          asked.push('after');
          return {};
        },
        expired: ({ data }) => ({ effects: emit(counted, { counter: data.counter, n: 0 }) }),
      });
      await runnerOf(handler)(ask(1, { expiry }));
      expect(asked).toEqual([]);
      expect((await outbox()).map(({ key }) => key)).toEqual(['k1']);
    });

    test('that was asked of the outside in time counts, however late the answer is', async () => {
      const handler = callOutside(count, tallies, {
        before: () => ({ request: undefined }),
        call: () => sleep(300),
        after: ({ data }) => ({ change: data.n }),
        expired: () => {
          throw new Error('it was asked in time');
        },
      });
      await runnerOf(handler)(ask(1, { expiry: new Date(Date.now() + 150) }));
      expect(await effects()).toEqual([1]);
    });
  });

  describe('a handler that calls the outside', () => {
    /** Records -n before its call, and n after it. */
    const talking = (call: (n: number, key: string) => Promise<string>) =>
      callOutside(count, tallies, {
        idempotencyKey: ({ data }) => `key-of-${data.n}`,
        before: ({ data }) => ({ request: data.n, change: -data.n }),
        call: (n, { idempotencyKey }) => call(n, idempotencyKey),
        after: ({ data }) => ({
          change: data.n,
          effects: emit(counted, { counter: data.counter, n: data.n }),
        }),
      });

    test('asks the outside once for two deliveries of one message at the same time', async () => {
      const asked: string[] = [];
      const stalled = gate();
      const run = runnerOf(
        talking(async (_, key) => {
          asked.push(key);
          await stalled.opened;
          return 'approved';
        }),
      );
      const message = ask(1);
      const running = [run(message), run(message), run(message)];
      await eventually(async () => asked).toHaveLength(1);
      await sleep(100);
      stalled.open();
      await Promise.all(running);
      expect(asked).toEqual(['key-of-1']);
      expect((await effects()).filter((n) => n === 1)).toEqual([1]);
    });

    test('holds no connection while the outside stalls', async () => {
      const single = opened.again({ connections: 1 });
      const stalled = gate();
      const run = runnerOf(
        talking(() => stalled.opened.then(() => 'approved')),
        single,
      );
      const running = [1, 2, 3].map((n) => run(ask(n)));
      await eventually(effects).toHaveLength(3);
      for (let n = 0; n < 5; n += 1) await single.transaction(async () => 'the only connection is free');
      expect(await outbox()).toEqual([]);
      stalled.open();
      await Promise.all(running);
      expect(await outbox()).toHaveLength(3);
    });

    test('has its change committed before the call, and gets the key of what is done', async () => {
      const seen: unknown[] = [];
      const run = runnerOf(
        talking(async (n, key) => {
          seen.push(key, n, await effects());
          return 'approved';
        }),
      );
      await run(ask(5));
      expect(seen).toEqual(['key-of-5', 5, [-5]]);
      expect(await effects()).toEqual([-5, 5]);
    });

    test('does not ask again for a message that was handled', async () => {
      let asked = 0;
      const run = runnerOf(
        talking(async () => {
          asked += 1;
          return 'approved';
        }),
      );
      const message = ask(1);
      await run(message);
      await run(message);
      expect(asked).toBe(1);
      expect(await effects()).toEqual([-1, 1]);
    });

    test('twice at one time has one outcome, and asks with the same key', async () => {
      const keys: string[] = [];
      const run = runnerOf(
        talking(async (_, key) => {
          keys.push(key);
          return 'approved';
        }),
      );
      const message = ask(1);
      await Promise.all([run(message), run(message)]);
      expect(new Set(keys)).toEqual(new Set(['key-of-1']));
      expect((await effects()).filter((n) => n > 0)).toEqual([1]);
      expect(await outbox()).toHaveLength(1);
    });

    test('that fails outside keeps the change before it and nothing else, and calls again on the next delivery', async () => {
      let failing = true;
      const run = runnerOf(
        talking(async () => {
          if (failing) throw new Error('the provider timed out');
          return 'approved';
        }),
      );
      const message = ask(1);
      await expect(run(message)).rejects.toThrow('the provider timed out');
      expect(await effects()).toEqual([-1]);
      failing = false;
      await run(message);
      expect(await effects()).toEqual([-1, -1, 1]);
    });

    test('one that stalls does not hold the others', async () => {
      const stalled = gate();
      const run = runnerOf(
        talking((n) => (n === 1 ? stalled.opened.then(() => 'late') : Promise.resolve('approved'))),
      );
      const first = run(ask(1));
      await Promise.all([2, 3].map((n) => run(ask(n))));
      expect((await effects()).filter((n) => n > 0)).toEqual([2, 3]);
      stalled.open();
      await first;
    });

    test('whose decision before the call throws makes no call, and the others of its group do', async () => {
      const called: number[] = [];
      const handler = callOutside(count, tallies, {
        before: ({ data }) => {
          if (data.n === 2) throw new Error('no request');
          return { request: data.n };
        },
        call: async (n) => void called.push(n),
        after: () => ({}),
      });
      const run = runnerOf(handler);
      expect(await settledStates([1, 2, 3].map((n) => run(ask(n))))).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(called).toEqual([1, 3]);
    });

    test('that has its answer already makes no call, and answers once', async () => {
      let calls = 0;
      const handler = callOutside(count, tallies, {
        before: ({ data }, known) =>
          known.length === 0
            ? { request: data.n }
            : { effects: emit(counted, { counter: data.counter, n: known.at(-1) ?? 0 }) },
        call: async (n) => {
          calls += 1;
          return n;
        },
        after: (_, __, { response }) => ({ change: response }),
      });
      const run = runnerOf(handler);
      await run(received(count, { counter: 'a', n: 1 }));
      const again = received(count, { counter: 'a', n: 2 });
      await run(again);
      await run(again);
      expect(calls).toBe(1);
      expect((await outbox()).map(({ envelope }) => envelope['data'])).toEqual([{ counter: 'a', n: 1 }]);
    });

    test('decides after the call on the state as it is by then', async () => {
      const called = gate();
      const seen: (readonly number[])[] = [];
      const waiting = callOutside(count, tallies, {
        before: () => ({ request: undefined, change: 1 }),
        call: () => called.opened,
        after: (_, state) => {
          seen.push(state);
          return {};
        },
      });
      const running = runnerOf(waiting)(received(count, { counter: 'a', n: 0 }));
      await eventually(effects).toEqual([1]);
      await runnerOf(handle(count, tallies, () => ({ change: 2 })))(received(count, { counter: 'a', n: 0 }));
      called.open();
      await running;
      expect(seen).toEqual([[1, 2]]);
    });

    test('loads and saves what is available together once before the calls and once after them', async () => {
      const notes = { loaded: [] as string[][], saved: [] as string[][] };
      const handler = callOutside(count, talliesOf(notes), {
        before: ({ data }) => ({ request: data.n, change: -data.n }),
        call: async (n) => n * 10,
        after: ({ data }, _, { request, response }) => ({
          change: request + response,
          effects: emit(counted, { counter: data.counter, n: data.n }),
        }),
      });
      const run = runnerOf(handler);
      const numbers = Array.from({ length: 9 }, (_, index) => index + 1);
      await Promise.all(numbers.toReversed().map((n) => run(ask(n))));
      expect(notes.saved.length).toBeLessThan(8);
      expect(notes.saved.flat().toSorted()).toEqual(numbers.flatMap((n) => [`k${n}`, `k${n}`]));
      expect((await effects()).filter((n) => n > 0).toSorted((a, b) => a - b)).toEqual(
        numbers.map((n) => n * 11),
      );
      expect((await outbox()).map(({ key }) => key).sort()).toEqual(numbers.map((n) => `k${n}`));
    });
  });

  describe('a unit of work', () => {
    const counter = (name: string, n: number) => received(count, { counter: name, n });

    test('loads a group once in the order of the ids, decides in the order of the keys, and saves once', async () => {
      const notes = { loaded: [] as string[][], saved: [] as string[][] };
      const seen: [string, readonly number[]][] = [];
      const handler = handle(count, talliesOf(notes), ({ key, data }, state) => {
        seen.push([key, state]);
        return { change: data.n, effects: emit(counted, { counter: key, n: state.length }) };
      });
      await store.db.insertInto('counter').values({ name: 'b', value: 0 }).execute();
      await store.db.insertInto('effect').values({ counter: 'b', n: 7 }).execute();
      const run = runnerOf(handler);
      await Promise.all([counter('b', 1), counter('a', 2), counter('b', 3)].map(run));
      expect(notes).toEqual({ loaded: [['a', 'b']], saved: [['a', 'b']] });
      expect(seen).toEqual([
        ['a', []],
        ['b', [7]],
        ['b', [7, 1]],
      ]);
      expect((await outbox()).map(({ key }) => key)).toEqual(['a', 'b', 'b']);
    });

    test('is saved when a decision changes it, and only then', async () => {
      const notes = { saved: [] as string[][] };
      const handler = handle(count, talliesOf(notes), ({ data }) => (data.n === 1 ? { change: 1 } : {}));
      const run = runnerOf(handler);
      await Promise.all([counter('a', 1), counter('b', 2)].map(run));
      await run(counter('c', 3));
      expect(notes.saved).toEqual([['a']]);
    });

    test('of a group in which one decision throws is decided again for each by itself', async () => {
      const handler = handle(count, tallies, ({ data }) => {
        if (data.n === 2) throw permanent('two is too many');
        return { change: data.n };
      });
      const run = runnerOf(handler);
      expect(await settledStates([1, 2, 3].map((n) => run(ask(n))))).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await effects()).toEqual([1, 3]);
    });

    test('is shared by handlers of one subscription, whose messages are decided in one go', async () => {
      const notes = { loaded: [] as string[][], saved: [] as string[][] };
      const shared = talliesOf(notes);
      const decided: string[] = [];
      const { run } = store.runner(heard, [
        handle(counted, shared, ({ key }) => {
          decided.push(`counted ${key}`);
          return { change: 1 };
        }),
        handle(reminded, shared, ({ key }, state) => {
          decided.push(`reminded ${key} of ${state.length}`);
          return { change: 2 };
        }),
      ]);
      const messages = [
        received(reminded, { counter: 'c' }),
        received(counted, { counter: 'b', n: 1 }),
        received(reminded, { counter: 'b' }),
        received(counted, { counter: 'a', n: 1 }),
      ];
      await Promise.all(messages.map((message) => run(message, signal)));
      expect(decided).toEqual(['counted a', 'counted b', 'reminded b of 1', 'reminded c of 0']);
      expect(notes.saved).toEqual([['a', 'b', 'c']]);
    });

    test('keeps to the order of the keys where a handler of other tables has messages in between, before and after a call', async () => {
      const calls: string[][] = [];
      const noting = <C extends typeof counted | typeof reminded>(contract: C, table: string) =>
        callOutside(contract, talliesOf({ loaded: calls }, [table]), {
          before: () => ({ request: undefined }),
          call: async () => undefined,
          after: () => ({}),
        });
      const { run } = store.runner(heard, [noting(counted, 'one'), noting(reminded, 'other')]);
      const messages = [
        ...['a', 'b', 'e'].map((name) => received(counted, { counter: name, n: 1 })),
        ...['c', 'd', 'f'].map((name) => received(reminded, { counter: name })),
      ];
      await Promise.all(messages.map((message) => run(message, signal)));
      const inOrder = [['a', 'b'], ['c', 'd'], ['e'], ['f']];
      expect(calls).toEqual([...inOrder, ...inOrder]);
    });

    test('that does not say for each change what follows from it fails for good, and commits nothing', async () => {
      const forgetful = unitOfWork({
        tables: ['effect'],
        idOf: ({ counter: name }: { readonly counter: string }) => name,
        initial: 0,
        load: async () => new Map<string, number>(),
        evolve: (_, n: number) => n,
        save: async (tx) => {
          await tx.insertInto('effect').values({ counter: 'a', n: 1 }).execute();
          return [];
        },
      });
      const run = runnerOf(handle(count, forgetful, ({ data }) => ({ change: data.n })));
      await expect(run(counter('a', 1))).rejects.toMatchObject({ settle: 'dead-letter' });
      expect(await effects()).toEqual([]);
    });

    test('that two handlers of a subscription do not share is refused at the start, by the name of the table', () => {
      const handlers = [handle(counted, talliesOf(), () => ({})), handle(reminded, talliesOf(), () => ({}))];
      expect(() => store.runner(heard, handlers)).toThrow(
        'order.heard: two units of work lock rows of counter',
      );
    });

    test('of two instances that create the same state: the second decides on what the first one wrote', async () => {
      const last = new Map<string, number>();
      const handler = handle(count, tallies, ({ key, data }, state) => {
        last.set(`${key}/${data.n}`, state.length);
        return { change: data.n };
      });
      const one = runnerOf(handler);
      const two = runnerOf(handler, opened.again());
      const names = Array.from({ length: 30 }, (_, index) => `new-${index}`);
      await Promise.all([
        ...names.map((name) => one(counter(name, 1))),
        ...names.toReversed().map((name) => two(counter(name, 2))),
      ]);
      expect(await effects()).toHaveLength(60);
      for (const name of names) {
        expect([last.get(`${name}/1`), last.get(`${name}/2`)].toSorted(), name).toEqual([0, 1]);
      }
    });

    test('answers an expired command by its state', async () => {
      const handler = handle(count, tallies, () => ({ change: 1 }), {
        expired: ({ data }, state) => ({
          change: 2,
          effects: emit(counted, { counter: data.counter, n: state.length }),
        }),
      });
      await runnerOf(handler)(ask(1, { expiry: new Date(Date.now() - 1) }));
      expect(await effects()).toEqual([2]);
      expect(await outbox()).toHaveLength(1);
      const silent = handle(count, tallies, () => ({ change: 1 }));
      await expect(runnerOf(silent)(ask(2, { expiry: new Date(0) }))).rejects.toMatchObject({
        code: 'bus.expired',
      });
    });
  });

  test('starts only when every contract has its handler', () => {
    expect(() => store.runner(counting, [])).toThrow('inventory.counting: no handler for inventory.count');
    const { handler } = recording();
    expect(store.runner(counting, [handler]).handles).toEqual([count]);
  });
});
