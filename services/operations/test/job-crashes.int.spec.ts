import { shop } from '@emporium/contracts';
import { freshDatabase, ownServerFor, serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import type { Tables } from '../src/store/tables.ts';
import { flood } from './support/flood.ts';
import { envelope } from './support/operations.ts';
import { type Instance, startInstance } from './support/operations-process.ts';
import { type Subscriber, startSubscriber } from './support/subscriber.ts';

const postgres = await serverFor('postgres');
const rabbitmq = await ownServerFor('rabbitmq');

interface BrokerUnderTest {
  readonly url: string;
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  stop(): Promise<void>;
}

const brokers: readonly {
  readonly name: string;
  readonly available: boolean;
  readonly title: (suite: string) => string;
  readonly start: () => Promise<BrokerUnderTest>;
}[] = [
  {
    ...{ name: 'PostgreSQL', available: postgres.available, title: postgres.title },
    start: async () => {
      const { url, drop } = await freshDatabase(postgres.url);
      return { url, stop: drop };
    },
  },
  {
    ...{ name: 'RabbitMQ', available: postgres.available && rabbitmq.available, title: rabbitmq.title },
    start: async () => {
      const { url, stop, stopServer, startServer } = await rabbitmq.start();
      return { url, stop, outage: { begin: stopServer, end: startServer } };
    },
  },
];

describe.each(brokers)('a job that replays dead letters over $name', ({ available, title, start }) => {
  describe.skipIf(!available)(title('as a process'), () => {
    const cleanups: (() => Promise<unknown>)[] = [];
    const instances: Instance[] = [];
    let broker: BrokerUnderTest;
    let store: Store<Tables>;
    let subscriber: Subscriber;
    let servers: { databaseUrl: string; busUrl: string };

    beforeAll(async () => {
      broker = await start();
      const [own, other] = [await freshDatabase(postgres.url), await freshDatabase(postgres.url)];
      servers = { databaseUrl: own.url, busUrl: broker.url };
      const log = createLog({ service: 'test', level: 'silent' });
      store = createStore<Tables>({ service: 'operations', registry: shop, url: own.url, log });
      await store.migrate(migrations);
      subscriber = await startSubscriber(other.url, broker.url);
      cleanups.push(subscriber.stop, store.close, own.drop, other.drop, broker.stop);
    }, 60_000);
    afterEach(async () => {
      for (const each of instances.splice(0)) await each.kill('SIGKILL');
    });
    afterAll(async () => {
      for (const cleanup of cleanups) await cleanup();
    });

    const startOne = async (failpoint?: string): Promise<Instance> => {
      const instance = await startInstance(servers, failpoint);
      instances.push(instance);
      return instance;
    };
    const jobs = '/api/admin/dead-letters/jobs';
    const begin = async ({ request }: Instance, code: string, ratePerSecond = 10_000): Promise<string> => {
      const { status, body } = await request('POST', jobs, { action: 'replay', code, ratePerSecond });
      expect(status).toBe(202);
      return body.id;
    };
    const doneOf = async (id: string): Promise<number> => (await rowOf(id)).done;
    const rowOf = (id: string) =>
      store.db.selectFrom('dead_letter_job').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    /** The instance that has the lease of a job, and the other one. */
    const whoRuns = async (id: string, [one, other]: readonly [Instance, Instance]) => {
      const { leased_by } = await rowOf(id);
      const pid = Number(leased_by?.split(':')[0]);
      expect([one.pid, other.pid]).toContain(pid);
      return one.pid === pid ? { runs: one, waits: other } : { runs: other, waits: one };
    };
    const finished = async ({ request }: Instance, id: string) => {
      await expect
        .poll(async () => (await request('GET', `${jobs}/${id}`)).body, { timeout: 60_000, interval: 200 })
        .toMatchObject({ state: 'finished', failed: 0 });
      return (await request('GET', `${jobs}/${id}`)).body;
    };
    /** Dead letters that the subscriber can handle. */
    const deadLetters = async (code: string, count: number): Promise<ReadonlySet<string>> => {
      const body = JSON.stringify(envelope('@id'));
      await flood(store, count, { subscription: 'email.welcome', code, body });
      const rows = await store.db
        .selectFrom('dead_letter')
        .select('message_id')
        .where('code', '=', code)
        .execute();
      return new Set(rows.map(({ message_id }) => message_id));
    };
    /** Each of them was handled, and once. */
    const assertHandledOnce = async (ids: ReadonlySet<string>) => {
      const times = async () => {
        const handled = await subscriber.handled();
        return [...ids].map((id) => handled.get(id) ?? 0);
      };
      await expect
        .poll(async () => (await times()).filter((each) => each > 0).length, { timeout: 60_000 })
        .toBe(ids.size);
      expect(new Set(await times())).toEqual(new Set([1]));
    };

    test('handles each once although it is killed with a batch sent and not recorded, and goes on after a restart', async () => {
      const ids = await deadLetters('crash.once', 5_000);
      const first = await startOne('replay.before-mark@5');
      const id = await begin(first, 'crash.once');
      expect(await first.exit).toBe('SIGKILL');
      expect(await doneOf(id)).toBe(800);

      const second = await startOne();
      expect(await finished(second, id)).toMatchObject({ total: 5_000, done: 5_000, skipped: 0 });
      await assertHandledOnce(ids);
      // The batch that was sent and not recorded was sent again; the inbox has dropped the second.
      const twice = [...ids].filter((each) => (subscriber.delivered.get(each) ?? 0) > 1);
      expect(twice.length).toBe(200);
    }, 90_000);

    test('counts each once although its instance is frozen with a batch sent and not recorded, and another takes over', async () => {
      const ids = await deadLetters('crash.frozen', 2_000);
      const first = await startOne('replay.before-mark@3@SIGSTOP');
      const id = await begin(first, 'crash.frozen');
      await expect.poll(() => doneOf(id)).toBe(400);
      const second = await startOne();
      await second.request('PUT', `${jobs}/${id}`, { ratePerSecond: 200 }); // so that it runs when the first one wakes
      await expect.poll(() => doneOf(id), { timeout: 30_000 }).toBeGreaterThan(600);
      void first.kill('SIGCONT');
      expect(await finished(second, id)).toMatchObject({ total: 2_000, done: 2_000, skipped: 0 });
      await assertHandledOnce(ids);
      const open = store.db.selectFrom('dead_letter').select('id');
      expect(await open.where('code', '=', 'crash.frozen').where('status', '=', 'open').execute()).toEqual(
        [],
      );
    }, 90_000);

    test('handles each once although one of two instances is killed at any moment, and the other takes over', async () => {
      const ids = await deadLetters('crash.two', 3_000);
      const [one, other] = [await startOne(), await startOne()];
      const id = await begin(one, 'crash.two', 1_000);
      await expect.poll(() => doneOf(id)).toBeGreaterThan(300);
      const before = (await rowOf(id)).leased_by;
      const { runs, waits } = await whoRuns(id, [one, other]);
      await runs.kill('SIGKILL');
      expect(await finished(waits, id)).toMatchObject({ total: 3_000, done: 3_000, skipped: 0 });
      expect((await rowOf(id)).leased_by).not.toBe(before);
      await assertHandledOnce(ids);
    }, 90_000);

    test('is handed over at once by an instance that drains', async () => {
      const ids = await deadLetters('crash.drain', 1_000);
      const [one, other] = [await startOne(), await startOne()];
      const id = await begin(one, 'crash.drain', 300);
      await expect.poll(() => doneOf(id)).toBeGreaterThan(100);
      const before = (await rowOf(id)).leased_by;
      const { runs, waits } = await whoRuns(id, [one, other]);
      await runs.kill('SIGTERM');
      const exited = performance.now();
      // Well before the lease would end.
      const after = async () => (await rowOf(id)).leased_by ?? before;
      await expect.poll(after, { timeout: 3_000, interval: 50 }).not.toBe(before);
      expect(performance.now() - exited).toBeLessThan(3_000);
      await finished(waits, id);
      await assertHandledOnce(ids);
      expect([...ids].every((each) => subscriber.delivered.get(each) === 1)).toBe(true);
    }, 90_000);

    test('waits while the broker is stopped, and replays each once when it is back', async (context) => {
      if (broker.outage === undefined) return context.skip('a database of a shared server cannot be stopped');
      const ids = await deadLetters('crash.broker', 2_000);
      const instance = await startOne();
      const id = await begin(instance, 'crash.broker', 500);
      const job = async () => (await instance.request('GET', `${jobs}/${id}`)).body;
      await expect.poll(async () => (await job()).done).toBeGreaterThan(200);
      await broker.outage.begin();
      await expect.poll(job, { timeout: 30_000 }).toMatchObject({
        ...{ state: 'running', failed: 0, problem: expect.stringContaining('The broker cannot be reached') },
      });
      await broker.outage.end();
      expect(await finished(instance, id)).toMatchObject({ total: 2_000, done: 2_000, skipped: 0 });
      await assertHandledOnce(ids);
    }, 120_000);
  });
});
