import {
  emit,
  type Handler,
  handle,
  handleBatch,
  type Message,
  perform,
  performBatch,
  permanent,
  withContext,
} from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store, Tx } from '../src/index.ts';
import { count, counted, counting, heard, reminded } from './support/counting.ts';
import { eventually } from './support/eventually.ts';
import { type Counters, openTestStore, received, type TestStore } from './support/inventory.ts';

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
    handler: Handler<Tx<Counters>>,
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
    const handler = handle(count, async ({ data }, { tx }: { tx: Tx<Counters> }) => {
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
        handle(count, async ({ data }, { tx }: { tx: Tx<Counters> }) => {
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
      const handler = handle(count, async ({ data }, { tx }: { tx: Tx<Counters> }) => {
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
      const handler = handle(count, async ({ data }, { tx }: { tx: Tx<Counters> }) => {
        await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
        if (data.n === 2) await sql`select 1 / 0`.execute(tx).catch(() => undefined); // swallowed: the transaction is lost
        return undefined;
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
      const handler = handle(count, async ({ data }, { tx }: { tx: Tx<Counters> }) => {
        calls.push(data.n);
        if (data.n === 2) {
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          await sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(store.db);
        }
        await tx.insertInto('effect').values({ counter: data.counter, n: data.n }).execute();
        return undefined;
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
      const handler = handleBatch(
        [count],
        async (messages, { tx }: { tx: Tx<Counters> }) => {
          calls.push(messages.map(({ data }) => data.n));
          if (messages.some(({ data }) => poison.includes(data.n))) throw new Error('poison');
          await tx
            .insertInto('effect')
            .values(messages.map(({ data }) => ({ counter: data.counter, n: data.n })))
            .execute();
          return messages.map(({ data }) =>
            data.n === 2 ? undefined : emit(counted, { counter: data.counter, n: data.n }),
          );
        },
        { expired: async ({ data }) => emit(counted, { counter: data.counter, n: -data.n }) },
      );
      return { calls, handler };
    };

    test('gets all that is at hand in one call, and answers each', async () => {
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

    test('never sees one that has expired, and keeps to the order of the keys', async () => {
      const { calls, handler } = batched();
      const run = runnerOf(handler);
      await Promise.all([run(ask(1)), run(ask(2, { expiry: new Date(Date.now() - 1) })), run(ask(3))]);
      expect(calls).toEqual([[1], [3]]);
      expect((await outbox()).map(({ envelope }) => (envelope['data'] as { n: number }).n)).toEqual([
        1, -2, 3,
      ]);
    });

    test('one that forgets to answer some is a failure', async () => {
      const forgetful = handleBatch([count], async () => []);
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
          return undefined;
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
      const handler = perform(count, {
        intend: async () => {
          asked.push('intend');
        },
        outside: async () => {
          asked.push('outside');
        },
        inside: async () => {
          asked.push('inside');
          return undefined;
        },
        expired: async ({ data }) => emit(counted, { counter: data.counter, n: 0 }),
      });
      await runnerOf(handler)(ask(1, { expiry }));
      expect(asked).toEqual([]);
      expect((await outbox()).map(({ key }) => key)).toEqual(['k1']);
    });

    test('that was asked of the outside in time counts, however late the answer is', async () => {
      const handler = perform(count, {
        intend: async () => undefined,
        outside: async () => {
          await sleep(300);
          return 'charged';
        },
        inside: async ({ data }, outcome, { tx }: { tx: Tx<Counters> }) => {
          await tx.insertInto('effect').values({ counter: outcome, n: data.n }).execute();
          return undefined;
        },
        expired: async () => {
          throw new Error('it was asked in time');
        },
      });
      await runnerOf(handler)(ask(1, { expiry: new Date(Date.now() + 150) }));
      expect(await effects()).toEqual([1]);
    });
  });

  describe('a handler that talks to the outside', () => {
    /** Records its intent as -n and its outcome as n. */
    const talking = (outside: (n: number, key: string) => Promise<string>) =>
      perform(count, {
        idempotencyKey: ({ data }) => `key-of-${data.n}`,
        intend: async ({ data }, { tx }: { tx: Tx<Counters> }) => {
          await tx.insertInto('effect').values({ counter: 'intent', n: -data.n }).execute();
          return data.n;
        },
        outside: (_, n, { idempotencyKey }) => outside(n, idempotencyKey),
        inside: async ({ data }, outcome, { tx }) => {
          await tx.insertInto('effect').values({ counter: outcome, n: data.n }).execute();
          return emit(counted, { counter: data.counter, n: data.n });
        },
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

    test('has its intent committed before it asks, and gets the key of what is done', async () => {
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

    test('that fails outside keeps its intent and nothing else, and asks again on the next delivery', async () => {
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

    test('one whose intent fails does not ask, and the others of its group do', async () => {
      const asked: number[] = [];
      const handler = perform(count, {
        intend: async ({ data }) => {
          if (data.n === 2) throw new Error('no intent');
        },
        outside: async ({ data }) => void asked.push(data.n),
        inside: async () => undefined,
      });
      const run = runnerOf(handler);
      expect(await settledStates([1, 2, 3].map((n) => run(ask(n))))).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(asked).toEqual([1, 3]);
    });
  });

  describe('a handler that talks to the outside, for many at once', () => {
    interface Calls {
      readonly intends: number[][];
      readonly insides: number[][];
    }

    /** Notes which numbers come together; `poison` is a number that no group can have among it, and none alone. */
    const counting = ({ poison, forgetful = false }: { poison?: number; forgetful?: boolean } = {}) => {
      const calls: Calls = { intends: [], insides: [] };
      const handler = performBatch(count, {
        intendBatch: async (messages) => {
          const numbers = messages.map(({ data }) => data.n);
          calls.intends.push(numbers);
          if (poison !== undefined && numbers.includes(poison)) throw new Error('no intent');
          return forgetful ? [] : numbers.map((n) => n * 10);
        },
        outside: async (_, tens) => `asked ${tens}`,
        insideBatch: async (performed, { tx }: { tx: Tx<Counters> }) => {
          calls.insides.push(performed.map(({ message }) => message.data.n));
          for (const { message, outcome } of performed)
            await tx.insertInto('effect').values({ counter: outcome, n: message.data.n }).execute();
          return performed.map(({ message: { data } }) =>
            emit(counted, { counter: data.counter, n: data.n }),
          );
        },
      });
      return { handler, calls };
    };
    const numbers = Array.from({ length: 9 }, (_, index) => index + 1);

    test('gets what is at hand in one call before and one after, and each its own outcome', async () => {
      const { handler, calls } = counting();
      const run = runnerOf(handler);
      await Promise.all(numbers.toReversed().map((n) => run(ask(n))));
      expect(calls.intends.flat().sort()).toEqual(numbers);
      expect(calls.insides.flat().sort()).toEqual(numbers);
      expect(calls.intends.length).toBeLessThan(4);
      expect(calls.insides.length).toBeLessThan(4);
      const rows = await store.db.selectFrom('effect').select(['counter', 'n']).execute();
      expect(rows.map(({ counter, n }) => [counter, n]).sort()).toEqual(
        numbers.map((n) => [`asked ${n * 10}`, n]),
      );
      expect((await outbox()).map(({ key }) => key).sort()).toEqual(numbers.map((n) => `k${n}`));
    });

    test('one that fails fails alone', async () => {
      const { handler } = counting({ poison: 5 });
      const run = runnerOf(handler);
      const states = await settledStates(numbers.map((n) => run(ask(n))));
      expect(states).toEqual(numbers.map((n) => (n === 5 ? 'rejected' : 'fulfilled')));
      expect((await effects()).sort()).toEqual(numbers.filter((n) => n !== 5));
    });

    test('keeps to the order of the keys where another one has messages in between', async () => {
      const calls: { part: 'intend' | 'inside'; contract: string; keys: string[] }[] = [];
      const noting = <C extends Contract>(contract: C) => {
        const note = (part: 'intend' | 'inside', messages: readonly Message[]) =>
          void calls.push({ part, contract: contract.name, keys: messages.map(({ key }) => key) });
        return performBatch(contract, {
          intendBatch: async (messages) => {
            note('intend', messages);
            return messages;
          },
          outside: async () => undefined,
          insideBatch: async (performed) => {
            note(
              'inside',
              performed.map(({ message }) => message),
            );
            return performed.map(() => undefined);
          },
        });
      };
      const { run } = store.runner(heard, [noting(counted), noting(reminded)]);
      const messages = [
        ...['a', 'b', 'e'].map((counter) => received(counted, { counter, n: 1 })),
        ...['c', 'd', 'f'].map((counter) => received(reminded, { counter })),
      ];
      await Promise.all(messages.map((message) => run(message, signal)));
      const together = (part: 'intend' | 'inside') => [
        { part, contract: 'counter.counted', keys: ['a', 'b'] },
        { part, contract: 'counter.reminded', keys: ['c', 'd'] },
        { part, contract: 'counter.counted', keys: ['e'] },
        { part, contract: 'counter.reminded', keys: ['f'] },
      ];
      expect(calls).toEqual([...together('intend'), ...together('inside')]);
    });

    test('that forgets an intent is told so', async () => {
      const { handler, calls } = counting({ forgetful: true });
      await expect(runnerOf(handler)(ask(1))).rejects.toThrow('a batch of 1 messages was answered for 0');
      expect(calls.insides).toEqual([]);
    });
  });

  test('starts only when every contract has its handler', () => {
    expect(() => store.runner(counting, [])).toThrow('inventory.counting: no handler for inventory.count');
    const { handler } = recording();
    expect(store.runner(counting, [handler]).handles).toEqual([count]);
  });
});
