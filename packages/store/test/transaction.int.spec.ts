import { emit } from '@emporium/bus';
import { serverFor, startPostgres } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createStore, type Store, violates } from '../src/index.ts';
import { count, counted, registry } from './support/counting.ts';
import { type Counters, openTestStore, type TestStore } from './support/inventory.ts';
import { createMemoryLog } from './support/log.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a transaction'), () => {
  let opened: TestStore;
  let store: Store<Counters>;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
    store = opened.store;
  });

  afterAll(() => opened?.close());

  beforeEach(() => opened.empty());

  const counters = () => store.db.selectFrom('counter').selectAll().orderBy('name').execute();
  const outbox = async () => {
    const { rows } = await sql<{
      row: string;
    }>`select type || ' ' || key as row from outbox order by id`.execute(store.db);
    return rows.map(({ row }) => row);
  };

  test('commits the changes and the effects together, in their order', async () => {
    const answer = await store.transaction(async ({ tx, effects }) => {
      await tx.insertInto('counter').values({ name: 'a', value: 1 }).execute();
      effects.push(emit(counted, { counter: 'a', n: 1 }), emit(counted, { counter: 'b', n: 2 }));
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await counters()).toEqual([{ name: 'a', value: 1 }]);
    expect(await outbox()).toEqual(['counter.counted a', 'counter.counted b']);
  });

  test('leaves nothing when the work throws, and says what was thrown', async () => {
    const failure = new Error('the work failed');
    const work = store.transaction(async ({ tx, effects }) => {
      await tx.insertInto('counter').values({ name: 'a', value: 1 }).execute();
      effects.push(emit(counted, { counter: 'a', n: 1 }));
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await counters()).toEqual([]);
    expect(await outbox()).toEqual([]);
  });

  test('leaves nothing when an effect does not fit its contract, which names the field', async () => {
    const work = store.transaction(async ({ tx, effects }) => {
      await tx.insertInto('counter').values({ name: 'a', value: 1 }).execute();
      effects.push(emit(counted, { counter: 'a', n: 1.5 }));
    });
    await expect(work).rejects.toMatchObject({
      code: 'bus.invalid_message',
      message: expect.stringContaining('data.n'),
    });
    expect(await counters()).toEqual([]);
  });

  test('refuses an effect that this service may not publish', async () => {
    const work = store.transaction(async ({ effects }) => {
      effects.push({ effect: 'send', contract: count, data: { counter: 'a', n: 1 } });
    });
    await expect(work).rejects.toThrow('inventory may not send inventory.count');
  });

  test('wakes its listeners after a commit with effects, and only then', async () => {
    let woken = 0;
    const unhook = store.onCommit(() => {
      woken += 1;
    });
    await store.transaction(async () => undefined);
    expect(woken).toBe(0);
    await store.transaction(async ({ effects }) => void effects.push(emit(counted, { counter: 'a', n: 1 })));
    expect(woken).toBe(1);
    unhook();
    await store.transaction(async ({ effects }) => void effects.push(emit(counted, { counter: 'a', n: 1 })));
    expect(woken).toBe(1);
  });

  test('runs again in place after a deadlock, without the effects of the attempt that lost', async () => {
    await store.db
      .insertInto('counter')
      .values([
        { name: 'a', value: 0 },
        { name: 'b', value: 0 },
      ])
      .execute();
    let attempts = 0;
    let arrived = 0;
    let bothAreIn: () => void = () => undefined;
    const together = new Promise<void>((resolve) => {
      bothAreIn = resolve;
    });
    const add = (first: string, second: string) =>
      store.transaction(async ({ tx, effects }) => {
        attempts += 1;
        await sql`update counter set value = value + 1 where name = ${first}`.execute(tx);
        arrived += 1;
        if (arrived === 2) bothAreIn();
        await together;
        await sql`update counter set value = value + 1 where name = ${second}`.execute(tx);
        effects.push(emit(counted, { counter: first, n: 1 }));
      });
    await Promise.all([add('a', 'b'), add('b', 'a')]);
    expect(attempts).toBe(3);
    expect(await counters()).toEqual([
      { name: 'a', value: 2 },
      { name: 'b', value: 2 },
    ]);
    expect((await outbox()).toSorted()).toEqual(['counter.counted a', 'counter.counted b']);
  });

  test('gives up with store.conflict when it keeps colliding', async () => {
    let attempts = 0;
    const work = store.transaction(async ({ tx }) => {
      attempts += 1;
      await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.execute(tx);
    });
    await expect(work).rejects.toMatchObject({ code: 'store.conflict', settle: 'retry' });
    expect(attempts).toBe(5);
  });

  test('a violated constraint can be told from another', async () => {
    const twice = store.transaction(async ({ tx }) => {
      await tx.insertInto('counter').values({ name: 'a', value: 1 }).execute();
      await tx.insertInto('counter').values({ name: 'a', value: 2 }).execute();
    });
    const error = await twice.catch((reason: unknown) => reason);
    expect(violates(error, 'counter_pkey')).toBe(true);
    expect(violates(error, 'other_pkey')).toBe(false);
  });

  test('what still waits for its turn when the work fails is never run outside of the transaction', async () => {
    const insert = (name: string) => sql`insert into counter values (${name}, pg_backend_pid())`;
    for (let round = 0; round < 20; round += 1) {
      let late: Promise<unknown> = Promise.resolve();
      const work = store.transaction(async ({ tx }) => {
        const one = async (name: string) => {
          await insert(`${name}-1`).execute(tx);
          await insert(`${name}-2`).execute(tx);
          await insert(`${name}-3`).execute(tx);
        };
        late = Promise.allSettled([one('x'), one('y'), one('z')]);
        await insert('w').execute(tx);
        throw new Error('the work failed');
      });
      await expect(work).rejects.toThrow('the work failed');
      await late;
      expect(await counters()).toEqual([]);
    }
  });

  test('one killed by the server rejects with store.database_away, and the next one works', async () => {
    const work = store.transaction(async ({ tx }) => {
      await tx.insertInto('counter').values({ name: 'a', value: 1 }).execute();
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(store.db);
      await tx.insertInto('counter').values({ name: 'b', value: 1 }).execute();
    });
    await expect(work).rejects.toMatchObject({ code: 'store.database_away', settle: 'pause' });
    expect(await counters()).toEqual([]);
    await store.transaction(async ({ tx }) => {
      await tx.insertInto('counter').values({ name: 'c', value: 1 }).execute();
    });
    expect(await counters()).toEqual([{ name: 'c', value: 1 }]);
  });

  test('with every connection taken it waits, and after five seconds says that the database is away', async () => {
    const small = opened.again({ connections: 1 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = small.transaction(() => held);
    await expect(small.transaction(async () => undefined)).rejects.toMatchObject({
      code: 'store.database_away',
    });
    const next = small.transaction(async () => 'through');
    release();
    await holder;
    expect(await next).toBe('through');
  });

  test('sums of bigint columns are numbers', async () => {
    const { rows } =
      await sql`select sum(n::bigint) as sum, count(*) as count from (values (1), (2)) as t(n)`.execute(
        store.db,
      );
    expect(rows).toEqual([{ sum: 3, count: 2 }]);
  });

  test('a server that stops is store.database_away, and the same store works when it is back', async () => {
    const server = await startPostgres();
    try {
      const url = await server.createDatabase('shop');
      const own = createStore<Counters>({ service: 'inventory', registry, url, log: createMemoryLog() });
      await own.migrate({});
      await own.probe();
      const inFlight = own.transaction(async ({ tx }) => void (await sql`select pg_sleep(20)`.execute(tx)));
      const [outcome] = await Promise.allSettled([inFlight, server.kill()]);
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store.database_away' } });
      await expect(own.probe()).rejects.toMatchObject({ code: 'store.database_away' });
      await expect(own.transaction(async () => undefined)).rejects.toMatchObject({
        code: 'store.database_away',
      });
      await expect(own.backlog(10)).rejects.toMatchObject({ code: 'store.database_away' });
      await server.startServer();
      await own.probe();
      expect(await own.transaction(async () => 'back')).toBe('back');
      await own.close();
    } finally {
      await server.stop();
    }
  });
});
