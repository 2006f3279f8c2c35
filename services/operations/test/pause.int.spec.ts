import type { Transport } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { type Availability, freePort, freshDatabase, ownServerFor, serverFor } from '@emporium/servers';
import {
  createLog,
  createTokenIssuer,
  createTransport,
  generateKeyPair,
  parseConfig,
  privateKeyFromText,
  startInOrder,
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';
import { type Load, startLoad } from './support/load.ts';
import { type ServiceProcess, startRecordingService } from './support/service-process.ts';

const postgres = await serverFor('postgres');

interface Broker extends Availability {
  start(): Promise<{
    readonly url: string;
    readonly restart?: { stopServer(): Promise<void>; startServer(): Promise<void> };
    stop(): Promise<unknown>;
  }>;
}

const ownBroker = async (kind: 'rabbitmq' | 'redis' | 'kafka'): Promise<Broker> => {
  const { available, title, start } = await ownServerFor(kind);
  return {
    ...{ available, title },
    start: async () => {
      const server = await start();
      return { url: server.url, restart: server, stop: server.stop };
    },
  };
};

const brokers: readonly (readonly [string, Broker])[] = [
  [
    'PostgreSQL',
    {
      ...postgres,
      start: async () => {
        const { url, drop } = await freshDatabase(postgres.url);
        return { url, stop: drop };
      },
    },
  ],
  ['RabbitMQ', await ownBroker('rabbitmq')],
  ['Redis', await ownBroker('redis')],
  ['Kafka', await ownBroker('kafka')],
];

/** Until all instances have stopped, from the request: the event, the poll of a second, and what is being handled. */
const pauseBoundMs = 5_000;
/** Kafka hands out the partitions of a killed member when its session has timed out. */
const patience = { timeout: 60_000, interval: 100 };

describe.each(brokers)('on %s', (name, source) => {
  describe.skipIf(!postgres.available || !source.available)(
    source.title(`a paused subscription on ${name}`),
    () => {
      const cleanups: (() => Promise<unknown>)[] = [];
      const processes: ServiceProcess[] = [];
      let broker: Awaited<ReturnType<Broker['start']>>;
      let servers: { databaseUrl: string; busUrl: string };
      let publisher: Transport;
      let store: Store<unknown>;
      let load: Load | undefined;
      let request: (method: string, path: string, body?: object) => Promise<number>;

      beforeAll(async () => {
        broker = await source.start();
        cleanups.unshift(broker.stop);
        const [own, theirs] = [await freshDatabase(postgres.url), await freshDatabase(postgres.url)];
        cleanups.unshift(own.drop, theirs.drop);
        servers = { databaseUrl: theirs.url, busUrl: broker.url };
        const log = createLog({ service: 'test', level: 'silent' });
        publisher = await createTransport({ url: broker.url, service: 'user-registration', log });
        cleanups.unshift(() => publisher.close());
        await publisher.topology(shop).apply();
        store = createStore({ service: 'email', registry: shop, url: theirs.url, log });
        cleanups.unshift(() => store.close());

        const [keys, port] = [generateKeyPair(), await freePort()];
        const environment = {
          ...{ PORT: String(port), LOG_LEVEL: 'silent', DATABASE_URL: own.url, BUS_URL: broker.url },
          JWT_PUBLIC_KEY: keys.publicKey,
        };
        const stages = await createApp(parseConfig(config, environment), log);
        const started = await startInOrder(stages, new AbortController().signal);
        cleanups.unshift(() => started.stop(AbortSignal.timeout(5_000)));
        const privateKey = privateKeyFromText(keys.privateKey);
        if (privateKey === undefined) throw new Error('no key');
        const { token } = await createTokenIssuer(privateKey).issue({
          userId: uuid(),
          role: 'administrator',
        });
        request = async (method, path, body) => {
          const response = await fetch(`http://127.0.0.1:${port}/api/admin/subscriptions/${path}`, {
            method,
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify(body ?? {}),
          });
          await response.arrayBuffer();
          return response.status;
        };
        processes.push(await startRecordingService(servers), await startRecordingService(servers));
      });
      afterAll(async () => {
        await load?.stop();
        await Promise.all(processes.map((each) => each.stop()));
        for (const cleanup of cleanups) await cleanup();
      });

      const handled = async (subscription: string): Promise<number> => {
        const { rows } = await sql<{ count: number }>`
        select count(*) as count from handled where subscription = ${subscription}`.execute(store.db);
        return rows[0]?.count ?? 0;
      };
      const stateOf = async (subscription: string) => {
        const checks = await Promise.all(processes.map((each) => each.checks()));
        return checks.map((each) => each[subscription]?.status);
      };
      const isPaused = (subscription: string, timeout = patience.timeout) =>
        expect.poll(() => stateOf(subscription), { ...patience, timeout }).toEqual(['paused', 'paused']);
      /** All instances crash, and are started again. */
      const crash = async (): Promise<void> => {
        await Promise.all(processes.map((each) => each.kill()));
        const started = await Promise.all(processes.map(() => startRecordingService(servers)));
        processes.splice(0, processes.length, ...started);
      };
      const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1_000));

      test('stops in both instances under load, stays paused over kill -9, and then handles all once and in order', {
        timeout: 240_000,
      }, async () => {
        load = startLoad(publisher);
        await expect.poll(() => handled('email.customers'), patience).toBeGreaterThan(100);

        expect(await request('POST', 'email.customers/pause', { reason: 'a test' })).toBe(202);
        await isPaused('email.customers', pauseBoundMs);
        const [before, others] = [await handled('email.customers'), await handled('email.welcome')];
        await seconds(1.5);
        expect(await handled('email.customers')).toBe(before);
        expect(await handled('email.welcome')).toBeGreaterThan(others);
        expect(load.accepted.length).toBeGreaterThan(before);

        await crash();
        expect(await stateOf('email.customers')).toEqual(['paused', 'paused']);
        await seconds(1);
        expect(await handled('email.customers')).toBe(before);

        expect(await request('POST', 'email.customers/resume')).toBe(202);
        await expect.poll(() => handled('email.customers'), patience).toBeGreaterThan(before);
        await load.stop();
        for (const subscription of ['email.customers', 'email.welcome']) {
          await expect.poll(() => handled(subscription), patience).toBe(load.accepted.length);
        }
        const { rows } = await sql<{ messages: number; disordered: number }>`
        select count(distinct message_id) as messages, count(*) filter (where text::int < before) as disordered
        from (select *, lag(text::int) over (partition by key order by id) as before
              from handled where subscription = 'email.customers') as seen`.execute(store.db);
        expect(rows).toEqual([{ messages: load.accepted.length, disordered: 0 }]);
        await expect.poll(() => stateOf('email.customers')).toEqual(['ok', 'ok']);
      });

      test('a pause while the broker is unavailable applies when it is there again, and so does a resumption', {
        timeout: 240_000,
      }, async ({ skip }) => {
        const { restart } = broker;
        if (restart === undefined) return skip('the broker is a database of a shared server');
        await restart.stopServer();
        expect(await request('POST', 'email.welcome/pause', { reason: 'a test' })).toBe(202);
        await restart.startServer();
        await isPaused('email.welcome');
        await restart.stopServer();
        expect(await request('POST', 'email.welcome/resume')).toBe(202);
        await restart.startServer();
        await expect.poll(() => stateOf('email.welcome'), patience).toEqual(['ok', 'ok']);
      });
    },
  );
});
