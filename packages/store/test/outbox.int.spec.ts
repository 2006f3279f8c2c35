import { busErrors, emit, schedule, unschedule } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Relay } from '../src/index.ts';
import { outboxPartitions } from '../src/outbox/outbox.ts';
import { nextRows, releaseDue } from '../src/outbox/outbox-rows.ts';
import { counted, reminded } from './support/counting.ts';
import { eventually } from './support/eventually.ts';
import { openTestStore, type TestStore } from './support/inventory.ts';
import { createFakeBroker, type FakeBroker } from './support/transport.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the outbox'), () => {
  let opened: TestStore;
  let broker: FakeBroker;
  const relays: Relay[] = [];

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });

  afterAll(() => opened?.close());

  beforeEach(async () => {
    broker = createFakeBroker();
    await opened.empty();
  });

  afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));

  const startRelay = (): Relay => {
    const relay = opened.store.startRelay(broker.transport);
    relays.push(relay);
    return relay;
  };

  /** Commits these, in this order. */
  const emitAll = (...messages: (readonly [counter: string, n: number])[]) =>
    opened.store.transaction(async ({ effects }) => {
      effects.push(...messages.map(([counter, n]) => emit(counted, { counter, n })));
    });

  const accepted = (): string[] =>
    broker.accepted.map(({ body }) => {
      const { counter, n } = JSON.parse(Buffer.from(body).toString()).data;
      return n === undefined ? `${counter}` : `${counter}${n}`;
    });

  const rowsLeft = async (): Promise<number> => {
    const { rows } = await sql<{ left: number }>`select count(*) as left from outbox`.execute(
      opened.store.db,
    );
    return rows[0]?.left ?? Number.NaN;
  };

  const remind = (counter: string, inMs: number, name?: string) =>
    opened.store.transaction(async ({ effects }) => {
      effects.push(schedule(reminded, { counter }, new Date(Date.now() + inMs), name));
    });

  test('publishes what was committed, in order per key, and forgets it after the confirm', async () => {
    startRelay();
    await emitAll(['a', 1], ['b', 1], ['a', 2], ['b', 2], ['a', 3]);
    await eventually(rowsLeft).toBe(0);
    expect(accepted().filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(accepted().filter((name) => name.startsWith('b'))).toEqual(['b1', 'b2']);
    expect(broker.calls).toEqual([2, 2, 1]); // never two of one key in one call
  });

  test('passes over what was published before, however much that is', async () => {
    await sql`analyze outbox`.execute(opened.store.db); // the server counts none of those that come now
    await sql`
      insert into outbox (partition, key, message_id, kind, owner, type, body)
      select n % 16, 'k', 'm', 'event', 'inventory', 'counter.counted', repeat('x', 500)::bytea
      from generate_series(1, 5_000) as n`.execute(opened.store.db);
    await sql`delete from outbox`.execute(opened.store.db);
    const after = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(
      opened.store.db,
    );
    const isOver = async () => {
      const { rows } = await sql<{ over: boolean }>`
        select pg_snapshot_xmin(pg_current_snapshot()) > ${after.rows[0]?.xid}::xid8 as over`.execute(
        opened.store.db,
      );
      return rows[0]?.over;
    };
    await eventually(isOver).toBe(true); // transactions of other suites on the same server may still see the rows
    const partitions = Array.from({ length: outboxPartitions }, (_, partition) => partition);
    await opened.store.db.connection().execute(async (connection) => {
      const look = () => nextRows(connection, partitions, [], 500);
      const blocksMet = async () => {
        await sql`select pg_stat_force_next_flush()`.execute(connection);
        const { rows } = await sql<{ blocks: number }>`
          select heap_blks_hit + heap_blks_read as blocks from pg_statio_user_tables
          where relname = 'outbox'`.execute(connection);
        return rows[0]?.blocks ?? Number.NaN;
      };
      await look(); // meets each once
      const before = await blocksMet();
      for (let n = 0; n < 10; n += 1) expect(await look()).toEqual([]);
      expect((await blocksMet()) - before).toBeLessThan(100);
    });
  });

  test('releases many that are due at once, by a plan of few', async () => {
    const [partitions, now] = [[0], new Date()];
    await opened.store.transaction(async ({ tx }) => {
      const insert = (many: number) =>
        sql`
        insert into outbox (partition, key, message_id, kind, owner, type, body, not_before)
        select 0, 'k', 'm', 'event', 'inventory', 'counter.counted', '', ${now}::timestamptz - n * interval '1 second'
        from generate_series(1, ${many}::integer) as n`.execute(tx);
      await insert(1);
      await sql`analyze outbox`.execute(tx);
      for (let n = 0; n < 10; n += 1) await releaseDue(tx, partitions, now); // from then on by one plan
      await insert(5_000);
      const began = performance.now();
      await releaseDue(tx, partitions, now);
      expect(performance.now() - began).toBeLessThan(1_000); // each of them against each would be minutes
    });
    expect(await rowsLeft()).toBe(5_001);
    expect(await opened.store.backlog(10_000)).toBe(5_001);
  });

  test('publishes the bytes that were validated, under the id of the envelope', async () => {
    startRelay();
    await emitAll(['ä€𝄞', 1]);
    await eventually(accepted).toEqual(['ä€𝄞1']);
    const [message] = broker.accepted;
    expect(message).toMatchObject({ type: 'counter.counted', kind: 'event', owner: 'inventory', key: 'ä€𝄞' });
    expect(JSON.parse(Buffer.from(message!.body).toString()).id).toBe(message!.id);
  });

  test('a commit is published at once, not at the next poll', async () => {
    startRelay();
    await emitAll(['warm', 1]);
    await eventually(accepted).toEqual(['warm1']);
    const latencies: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const published = new Promise<number>((resolve) => {
        broker.before = async () => resolve(performance.now());
      });
      await emitAll(['a', n]);
      const committed = performance.now();
      latencies.push((await published) - committed);
    }
    expect(latencies.toSorted((one, other) => one - other)[5]).toBeLessThan(100); // a poll would be 500 on average
  });

  test('a commit of another instance is published without waiting for the poll', async () => {
    startRelay();
    const other = opened.again();
    const otherBroker = createFakeBroker();
    const otherRelay = other.startRelay(otherBroker.transport);
    relays.push(otherRelay);
    const partitionsOf = async () => {
      const { rows } = await sql<{ pid: number; held: number }>`
        select pid, count(*) as held from pg_locks
        where locktype = 'advisory' and classid = 7001 and database = (select oid from pg_database where datname = current_database())
        group by pid`.execute(opened.store.db);
      return rows.map(({ held }) => held);
    };
    await eventually(partitionsOf).toEqual([8, 8]);
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // both know of each other
    const slow: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const before = performance.now();
      await emitAll([`key-${n}`, n]);
      await eventually(() => broker.accepted.length + otherBroker.accepted.length).toBe(n + 1);
      slow.push(performance.now() - before);
    }
    expect(otherBroker.accepted.length).toBeGreaterThan(0);
    expect(broker.accepted.length).toBeGreaterThan(0);
    expect(slow.toSorted((one, other) => one - other)[8]).toBeLessThan(200);
  });

  test('a refused row blocks only its key, and is published in order once it is accepted', async () => {
    let refusing = true;
    broker.refuse = ({ key }) => (refusing && key === 'stuck' ? busErrors.unroutable() : undefined);
    startRelay();
    await emitAll(['stuck', 1], ['free', 1], ['stuck', 2], ['free', 2]);
    await eventually(accepted).toEqual(['free1', 'free2']);
    await emitAll(['free', 3], ['stuck', 3]);
    await eventually(accepted).toEqual(['free1', 'free2', 'free3']);
    expect(opened.log.lines.filter((line) => line.includes('stays in the outbox'))).toHaveLength(1);
    refusing = false;
    await eventually(rowsLeft).toBe(0);
    expect(accepted().slice(3)).toEqual(['stuck1', 'stuck2', 'stuck3']);
  });

  test('while a row is refused it is tried again less and less often, and nothing spins', async () => {
    broker.refuse = () => busErrors.refused();
    startRelay();
    await emitAll(['stuck', 1]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(broker.calls.length).toBeGreaterThanOrEqual(2); // after 0.2, 0.6 and 1.4 s
    expect(broker.calls.length).toBeLessThanOrEqual(5);
  });

  test('a whole batch of refused keys does not keep the rows behind it back', async () => {
    broker.refuse = ({ key }) => (key.startsWith('stuck') ? busErrors.unroutable() : undefined);
    await emitAll(...Array.from({ length: 1_200 }, (_, n) => [`stuck-${n}`, n] as const), ['free', 1]);
    startRelay();
    await eventually(accepted).toEqual(['free1']);
    await eventually(rowsLeft).toBe(1_200);
  });

  test('a broker that is away blocks everything, is retried about once a second, and gets all of it when it is back', async () => {
    let away = true;
    broker.refuse = () => (away ? busErrors.broker_away() : undefined);
    startRelay();
    for (let n = 1; n <= 3; n += 1) await emitAll(['a', n], [`b${n}-`, n]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(broker.calls.length).toBeLessThanOrEqual(3); // and a commit does not make it ask sooner
    expect(opened.log.lines.filter((line) => line.includes('outbox relay failed, retrying'))).toHaveLength(1);
    away = false;
    await eventually(rowsLeft).toBe(0);
    expect(accepted().filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(accepted()).toHaveLength(6);
    expect(opened.log.lines).toContain('info outbox relay recovered');
  });

  test('a transport that throws is a broker that is away', async () => {
    let failing = true;
    broker.before = async () => {
      if (failing) throw new Error('a bug of a transport');
    };
    startRelay();
    await emitAll(['a', 1]);
    await eventually(() => opened.log.lines.join()).toContain('a bug of a transport');
    failing = false;
    await eventually(accepted).toEqual(['a1']);
  });

  test('what the broker took before the others were refused is not published again', async () => {
    let taken = 0;
    broker.refuse = () => {
      taken += 1;
      return taken > 2 && taken <= 5 ? busErrors.broker_away() : undefined;
    };
    startRelay();
    await emitAll(...Array.from({ length: 5 }, (_, n) => [`k${n}-`, n] as const));
    await eventually(rowsLeft).toBe(0);
    expect(accepted().toSorted()).toEqual(['k0-0', 'k1-1', 'k2-2', 'k3-3', 'k4-4']);
  });

  test('ten thousand rows leave, each once and in order', async () => {
    const keys = 100;
    for (let n = 0; n < 100; n += 1) {
      await emitAll(...Array.from({ length: keys }, (_, key) => [`k${key}-`, n] as const));
    }
    expect(await opened.store.backlog(20_000)).toBe(10_000);
    expect(await opened.store.backlog(500)).toBe(500);
    startRelay();
    await eventually(rowsLeft).toBe(0);
    expect(broker.accepted).toHaveLength(10_000);
    const last = new Map<string, number>();
    for (const { key, body } of broker.accepted) {
      const { n } = JSON.parse(Buffer.from(body).toString()).data;
      expect(n).toBe((last.get(key) ?? -1) + 1);
      last.set(key, n);
    }
  }, 60_000);

  test('a key with a long backlog does not starve the others', async () => {
    broker.before = () => new Promise((resolve) => setTimeout(resolve, 5));
    await emitAll(...Array.from({ length: 400 }, (_, n) => ['hot', n] as const));
    startRelay();
    await eventually(() => broker.accepted.length).toBeGreaterThan(0);
    await emitAll(['cool', 1]);
    await eventually(accepted).toContain('cool1');
    expect(broker.accepted.length).toBeLessThan(200);
  });

  test('a key with more rows than are read at one time lets the others through, older and newer ones', async () => {
    broker.before = () => new Promise((resolve) => setTimeout(resolve, 5));
    await emitAll(...Array.from({ length: 3_000 }, (_, n) => ['hot', n] as const), ['cool', 1]);
    startRelay();
    await eventually(accepted).toContain('cool1');
    await emitAll(['cool', 2], ['mild', 1]);
    await eventually(accepted).toEqual(expect.arrayContaining(['cool2', 'mild1']));
    expect(broker.accepted.length).toBeLessThan(1_500);
    const hot = accepted().filter((each) => each.startsWith('hot'));
    expect(hot).toEqual(hot.map((_, n) => `hot${n}`));
  });

  test('an event that somebody subscribed to is refused where nothing takes it, and stays until something does', async () => {
    let isWiped = true;
    broker.refuse = ({ type, mandatory }) =>
      isWiped && mandatory === true ? busErrors.unroutable({ type }) : undefined;
    startRelay();
    await emitAll(['a', 1], ['b', 1], ['c', 1]);
    await eventually(() => opened.log.lines.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await rowsLeft()).toBe(3);
    expect(opened.log.lines).toEqual([
      expect.stringMatching(/^warn not published, it stays in the outbox: No declared/),
    ]);
    isWiped = false;
    await eventually(rowsLeft).toBe(0);
    expect(accepted().toSorted()).toEqual(['a1', 'b1', 'c1']);
    await eventually(() => opened.log.lines.at(-1)).toBe('info published again');
  });

  test('a stop publishes what is left', async () => {
    const relay = startRelay();
    await emitAll(...Array.from({ length: 1_500 }, (_, n) => [`k${n % 300}-`, n] as const));
    await relay.stop(10_000);
    expect(await rowsLeft()).toBe(0);
    expect(broker.accepted).toHaveLength(1_500);
  });

  test('a stop ends within its bound while the broker stalls, and loses nothing', async () => {
    const relay = startRelay();
    let stalled: () => void = () => undefined;
    broker.before = () =>
      new Promise((resolve) => {
        stalled = resolve;
      });
    await emitAll(['a', 1], ['a', 2]);
    await eventually(() => broker.calls.length).toBe(1);
    const before = performance.now();
    await relay.stop(300);
    expect(performance.now() - before).toBeLessThan(2_500);
    expect(await rowsLeft()).toBe(2);
    stalled();
    broker.before = async () => undefined;
    startRelay();
    await eventually(rowsLeft).toBe(0);
    expect([...new Set(accepted())]).toEqual(['a1', 'a2']);
  });

  test('closing the store stops its relay', async () => {
    const other = opened.again();
    other.startRelay(broker.transport);
    const members = async () => {
      const { rows } = await sql`select from pg_locks where locktype = 'advisory' and classid = 7002
        and database = (select oid from pg_database where datname = current_database())`.execute(
        opened.store.db,
      );
      return rows.length;
    };
    await eventually(members).toBe(1);
    await other.close();
    await eventually(members).toBe(0);
    await emitAll(['a', 1]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(accepted()).toEqual([]);
  });

  test('a schedule that is being taken back does not hold up the others', async () => {
    await remind('contested', -1_000, 'contested');
    await remind('due', -1_000, 'due');
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const takingBack = opened.store.transaction(async ({ tx }) => {
      await sql`delete from outbox where name = 'contested'`.execute(tx);
      await finished;
    });
    await eventually(async () => {
      const { rows } =
        await sql`select from pg_locks where relation = 'outbox'::regclass and mode = 'RowExclusiveLock'`.execute(
          opened.store.db,
        );
      return rows.length;
    }).toBe(1);
    startRelay();
    await eventually(accepted).toEqual(['due']);
    finish();
    await takingBack;
    await eventually(rowsLeft).toBe(0);
    expect(accepted()).toEqual(['due']);
  });

  describe('schedules', () => {
    test('a scheduled message leaves at its time, not before it and hardly after it', async () => {
      startRelay();
      const left = new Map<string, number>();
      broker.before = async (messages) => {
        for (const { key } of messages) left.set(key, Date.now());
      };
      const start = Date.now();
      await remind('late', 2_500);
      await remind('soon', 700);
      expect(await opened.store.backlog(10)).toBe(0); // what waits for its time is no backlog
      await eventually(accepted).toEqual(['soon', 'late']);
      for (const [key, dueMs] of [
        ['soon', 700],
        ['late', 2_500],
      ] as const) {
        expect(left.get(key)! - start).toBeGreaterThanOrEqual(dueMs);
        expect(left.get(key)! - start).toBeLessThan(dueMs + 1_000);
      }
    });

    test('it leaves in time although the outbox is never empty', async () => {
      startRelay();
      let busy = true;
      const traffic = (async () => {
        for (let n = 0; busy; n += 1)
          await emitAll(...Array.from({ length: 50 }, (_, key) => [`k${key}-`, n] as const));
      })();
      const start = Date.now();
      await remind('due', 1_000);
      await eventually(accepted).toContain('due');
      busy = false;
      await traffic;
      expect(Date.now() - start).toBeLessThan(2_100);
    });

    test('what fell due while no relay ran leaves after the start', async () => {
      await remind('due', -60_000);
      startRelay();
      await eventually(accepted).toEqual(['due']);
    });

    test('it can be taken back by its name', async () => {
      await remind('taken-back', 500, 'a');
      await remind('other', 500, 'b');
      await opened.store.transaction(async ({ effects }) => void effects.push(unschedule('a')));
      startRelay();
      await eventually(accepted).toEqual(['other']);
      await eventually(rowsLeft).toBe(0);
      await opened.store.transaction(async ({ effects }) => void effects.push(unschedule('never-there')));
    });

    test('a second one of the same name replaces the first', async () => {
      await remind('first', 400, 'a');
      await remind('second', 800, 'a');
      startRelay();
      await eventually(accepted).toEqual(['second']);
      await eventually(rowsLeft).toBe(0);
    });

    test('within one transaction the last word about a name counts', async () => {
      const soon = new Date(Date.now() + 300);
      await opened.store.transaction(async ({ effects }) => {
        effects.push(
          schedule(reminded, { counter: 'first' }, soon, 'twice'),
          schedule(reminded, { counter: 'second' }, soon, 'twice'),
          schedule(reminded, { counter: 'gone' }, soon, 'gone'),
          unschedule('gone'),
          unschedule('back'),
          schedule(reminded, { counter: 'back' }, soon, 'back'),
        );
      });
      startRelay();
      await eventually(accepted).toEqual(['second', 'back']);
      await eventually(rowsLeft).toBe(0);
    });
  });
});
