import { emit, type Message, withContext } from '@emporium/bus';
import { freshDatabase, serverFor } from '@emporium/servers';
import { scrape } from '@emporium/telemetry';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { afterCommit, type CommitListener, createStore } from '../src/index.ts';
import { measureOutbox, measureTaskOutbox } from '../src/metrics.ts';
import { count, counted, counting, registry } from './support/counting.ts';
import { type Counters, handle, openTestStore, received, type TestStore } from './support/inventory.ts';
import { createMemoryLog } from './support/log.ts';

const postgres = await serverFor('postgres');
const signal = new AbortController().signal;

/** The value of each series, as it is scraped. */
const series = async (): Promise<ReadonlyMap<string, number>> => {
  const { text } = await scrape();
  const lines = [...text.matchAll(/^([^#\s]\S*(?:\{[^}]*\})?) (\S+)/gm)];
  return new Map(lines.map(([, name = '', value]) => [name, Number(value)]));
};

const ofCounting = '{messaging_destination_subscription_name="inventory.counting"}';
const transactions = (outcome: string) =>
  `emporium_transaction_duration_seconds_count{emporium_outcome="${outcome}"}`;

describe.skipIf(!postgres.available)(postgres.title('the metrics of a store'), () => {
  let opened: TestStore;
  const stops: (() => void)[] = [];

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
    stops.push(measureOutbox(opened.store.db), measureTaskOutbox(opened.store.db));
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    await opened?.close();
  });
  beforeEach(() => opened.empty());

  /** How much each of these series grew during the work. */
  const growth = async (names: readonly string[], work: () => Promise<unknown>): Promise<number[]> => {
    const before = await series();
    await work();
    const after = await series();
    return names.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
  };

  const handling = handle(count, async ({ data }) => {
    if (data.n < 0) throw new Error('a negative number');
    return emit(counted, data);
  });

  const run = (messages: readonly Message[]) => {
    const runner = opened.store.runner(counting, [handling]);
    return Promise.allSettled(
      messages.map((message) => withContext(message.context, () => runner.run(message, signal))),
    );
  };

  test('a group is counted once, after its commit, and a repetition as a hit of the inbox', async () => {
    const messages = [1, 2, 3].map((n) => received(count, { counter: `k${n}`, n }));
    const names = [
      `emporium_message_group_size_count${ofCounting}`,
      `emporium_message_group_size_sum${ofCounting}`,
      `emporium_inbox_hits_total${ofCounting}`,
      transactions('commit'),
    ];
    expect(await growth(names, () => run(messages))).toEqual([1, 3, 0, 1]);
    expect(await growth(names, () => run(messages.slice(0, 2)))).toEqual([1, 2, 2, 1]);
  });

  test('a group that fails is not counted, but those that are handled one by one', async () => {
    const messages = [1, -1].map((n) => received(count, { counter: `k${n}`, n }));
    const names = [
      `emporium_message_group_size_sum${ofCounting}`,
      transactions('commit'),
      transactions('rollback'),
    ];
    expect(await growth(names, () => run(messages))).toEqual([1, 1, 2]);
  });

  test('what is committed is observed once with its effects, and what is rolled back never', async () => {
    const seen: string[] = [];
    const observe: CommitListener = (committed) => {
      for (const { effect } of committed) seen.push(effect.effect);
    };
    const forget = opened.store.onCommit(observe);
    const { store } = opened;
    const writing = (fails: boolean) =>
      store.transaction(async ({ tx, effects }) => {
        effects.push(emit(counted, { counter: 'a', n: 1 }));
        afterCommit(tx, () => seen.push(fails ? 'rolled back' : 'after commit'));
        if (fails) throw new Error('no');
      });
    await expect(writing(true)).rejects.toThrow('no');
    expect(seen).toEqual([]);
    await writing(false);
    expect(seen).toEqual(['after commit', 'emit']);
    forget();
  });

  test('work that collides and runs again is observed once', async () => {
    const { store } = opened;
    const seen: number[] = [];
    let attempts = 0;
    await store.transaction(async ({ tx }) => {
      attempts += 1;
      const attempt = attempts;
      afterCommit(tx, () => seen.push(attempt));
      if (attempt === 1)
        await sql`do $$ begin raise exception 'collision' using errcode = '40001'; end $$`.execute(tx);
    });
    expect(seen).toEqual([2]);
  });

  test('a listener that fails keeps nothing from the others, and the commit is reported', async () => {
    const { store, log } = opened;
    const seen: string[] = [];
    const failing = (): never => {
      throw new Error('a mistake in a listener');
    };
    const forget = [store.onCommit(failing), store.onCommit(() => seen.push('observed'))];
    let attempts = 0;
    const work = async () => {
      await store.transaction(async ({ tx, effects }) => {
        attempts += 1;
        effects.push(emit(counted, { counter: 'a', n: 1 }));
        afterCommit(tx, failing);
        afterCommit(tx, () => seen.push('after commit'));
      });
    };
    expect(await growth([transactions('commit'), transactions('rollback')], work)).toEqual([1, 0]);
    for (const stop of forget) stop();
    expect([attempts, seen]).toEqual([1, ['after commit', 'observed']]);
    expect(log.lines.filter((line) => line.includes('a listener of a commit failed'))).toHaveLength(2);
  });

  test('the backlog is counted, without scheduled messages, and its age is that of the oldest', async () => {
    await sql`
      insert into outbox (partition, key, message_id, kind, owner, type, body, not_before, ready_since)
      select 0, 'k', n::text, 'event', 'inventory', 'counter.counted', '',
        case when n > 3 then now() + interval '1 hour' end, now() - n * interval '10 seconds'
      from generate_series(1, 5) as n`.execute(opened.store.db);
    const found = await series();
    expect(found.get('emporium_outbox_messages')).toBe(3);
    expect(found.get('emporium_outbox_oldest_age_seconds')).toBeGreaterThanOrEqual(10);
    expect(found.get('emporium_outbox_oldest_age_seconds')).toBeLessThan(20 + 300);
    expect(found.get('emporium_task_outbox_tasks')).toBe(0);
    expect(found.get('emporium_task_outbox_oldest_age_seconds')).toBe(0);
  });

  test('a large backlog is counted up to 10,000, in little time', async () => {
    await sql`
      insert into outbox (partition, key, message_id, kind, owner, type, body)
      select n % 16, n::text, n::text, 'event', 'inventory', 'counter.counted', repeat('x', 300)::bytea
      from generate_series(1, 100000) as n`.execute(opened.store.db);
    const began = performance.now();
    const found = await series();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(found.get('emporium_outbox_messages')).toBe(10_000);
  });

  test('the connections of the pool are shown', async () => {
    const { store } = opened;
    const during = await store.transaction(async () => series());
    expect(during.get('db_client_connection_count{db_client_connection_state="used"}')).toBeGreaterThan(0);
    expect(during.get('db_client_connection_pending_requests')).toBe(0);
    expect(during.get('db_client_connection_wait_time_seconds_count')).toBeGreaterThan(0);
  });
});

describe.skipIf(!postgres.available)(postgres.title('a store whose connections are all in use'), () => {
  test('still shows its backlog, and how long callers waited in vain', async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    const log = createMemoryLog();
    const store = createStore<Counters>({ service: 'inventory', registry, url, log, connections: 1 });
    await store.migrate({});
    store.startTaskRelay({ add: async () => undefined });
    const waits = 'db_client_connection_wait_time_seconds_count';
    const before = (await series()).get(waits) ?? 0;
    await store.transaction(async () => {
      await expect(store.probe()).rejects.toMatchObject({ code: 'store.database_away' });
      const found = await series();
      expect(found.get('emporium_task_outbox_tasks')).toBe(0);
      expect(found.get(waits)).toBeGreaterThanOrEqual(before + 2);
    });
    await store.close();
    await drop();
  }, 30_000);
});

test('while the database is away a scrape answers soon, with the rest', async () => {
  const store = createStore<Counters>({
    service: 'inventory',
    registry,
    url: 'postgres://nobody@127.0.0.1:1/nothing',
    log: createMemoryLog(),
  });
  const stop = measureOutbox(store.db);
  const began = performance.now();
  const { text } = await scrape();
  stop();
  await store.close();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(text).toContain('# TYPE emporium_outbox_messages gauge');
  expect(text).not.toMatch(/^emporium_outbox_messages /m);
  expect(text).toMatch(/^db_client_connection_pending_requests 0$/m);
});
