import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingMessage, Transport } from '@emporium/bus';
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
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';
import { envelope } from './support/operations.ts';

const postgres = await serverFor('postgres');
const rabbitmq = await ownServerFor('rabbitmq');

interface Broker extends Pick<Availability, 'available' | 'title'> {
  start(): Promise<{ readonly url: string; stopServer?(): Promise<void>; stop(): Promise<unknown> }>;
}

const ofPostgres: Broker = {
  ...postgres,
  start: async () => {
    const { url, drop } = await freshDatabase(postgres.url);
    return { url, stop: drop };
  },
};

const brokers: readonly (readonly [string, Broker])[] = [
  ['postgres', ofPostgres],
  ['rabbitmq', rabbitmq],
];

interface Listed {
  readonly brokers: readonly { readonly name: string; readonly up: boolean }[];
  readonly queues: readonly { readonly subscription: string; readonly waiting: number }[];
}

const createTokens = () => {
  const keys = generateKeyPair();
  const privateKey = privateKeyFromText(keys.privateKey);
  if (privateKey === undefined) throw new Error('no key');
  const issuer = createTokenIssuer(privateKey);
  return {
    publicKey: keys.publicKey,
    issue: async (role: 'administrator' | 'customer') => (await issuer.issue({ userId: uuid(), role })).token,
  };
};

const patience = { timeout: 30_000, interval: 200 };

describe.each(brokers)('on %s', (system, source) => {
  describe.skipIf(!postgres.available || !source.available)(
    source.title(`the queues of ${system}, as operations tells them`),
    () => {
      const cleanups: (() => Promise<unknown>)[] = [];
      let broker: Awaited<ReturnType<Broker['start']>>;
      let transport: Transport;
      let address: string;
      const tokens = createTokens();

      beforeAll(async () => {
        broker = await source.start();
        cleanups.unshift(broker.stop);
        const own = await freshDatabase(postgres.url);
        cleanups.unshift(own.drop);
        const log = createLog({ service: 'test', level: 'silent' });
        transport = await createTransport({ url: broker.url, service: 'user-registration', log });
        cleanups.unshift(() => transport.close());
        await transport.topology(shop).apply();
        const port = await freePort();
        address = `http://127.0.0.1:${port}`;
        const environment = {
          ...{ PORT: String(port), LOG_LEVEL: 'silent', DATABASE_URL: own.url, BUS_URL: broker.url },
          JWT_PUBLIC_KEY: tokens.publicKey,
        };
        const stages = await createApp(parseConfig(config, environment), log);
        const started = await startInOrder(stages, new AbortController().signal);
        cleanups.unshift(() => started.stop(AbortSignal.timeout(10_000)));
      }, 120_000);
      afterAll(async () => {
        for (const cleanup of cleanups) await cleanup();
      }, 60_000);

      const series = async () => samplesIn(await (await fetch(`${address}/metrics`)).text());
      const list = async (role: 'administrator' | 'customer' = 'administrator') => {
        const headers = { authorization: `Bearer ${await tokens.issue(role)}` };
        const response = await fetch(`${address}/api/admin/queues`, { headers });
        const body = (await response.json()) as Listed; // what the route's schema says
        return { status: response.status, body };
      };
      const queueOf = async (name: string) =>
        (await list()).body.queues.find(({ subscription }) => subscription === name);
      const publish = async (count: number): Promise<void> => {
        const results = await transport.publish(Array.from({ length: count }, registered));
        expect(results).toEqual(results.map(() => ({ status: 'accepted' })));
      };

      test('what waits grows while the consumer is away, and falls when it is back', async () => {
        await expect.poll(series, patience).toMatchObject({
          [`emporium_broker_up{messaging_system="${system}"}`]: 1,
          [of('emporium_queue_messages', system, 'email.welcome')]: 0,
        });
        await publish(6);
        const both = {
          [of('emporium_queue_messages', system, 'email.welcome')]: 6,
          [of('emporium_queue_messages', system, 'email.customers')]: 6,
        };
        await expect.poll(series, patience).toMatchObject(both);
        expect(await queueOf('email.welcome')).toMatchObject({
          ...{ service: 'email', broker: system, state: 'active', waiting: 6 },
        });

        const consumer = await transport.subscribe(subscriptionOf('email.welcome'), (each) => each.ack(), {
          concurrency: 10,
        });
        await expect.poll(series, patience).toMatchObject({
          ...both,
          [of('emporium_queue_messages', system, 'email.welcome')]: 0,
        });
        await consumer.stop();
      });

      test('every subscription of the shop is listed, for administrators', async () => {
        const { status, body } = await list();
        expect([status, body.brokers]).toEqual([200, [{ name: system, up: true }]]);
        const names = body.queues.map(({ subscription }) => subscription);
        expect(names.toSorted()).toEqual(shop.subscriptions.map(({ name }) => name).toSorted());
        expect((await list('customer')).status).toBe(403);
      });

      test('dead letters are counted by subscription and status, also where there is none', async () => {
        const consumer = await transport.subscribe(
          subscriptionOf('email.customers'),
          (each) => each.deadLetter({ code: 'email.refused', message: 'no' }),
          { concurrency: 10 },
        );
        const open = (name: string) =>
          `emporium_dead_letters{messaging_destination_subscription_name="${name}",emporium_dead_letter_status="open"}`;
        await expect.poll(series, patience).toMatchObject({
          [open('email.customers')]: 6,
          [open('email.orders')]: 0,
          [open('unknown')]: 0,
        });
        await consumer.stop();
      });

      test('a broker that is away has no queues, and says so', async ({ skip }) => {
        const { stopServer } = broker;
        if (stopServer === undefined) return skip('the broker is a database of a shared server');
        await stopServer();
        // As Prometheus asks: with a pause, so that each scrape begins a reading of its own.
        const up: (number | undefined)[] = [];
        for (let scrapes = 0; scrapes < 2; scrapes += 1) {
          await sleep(5_000);
          up.push((await series())[`emporium_broker_up{messaging_system="${system}"}`]);
        }
        expect(up).toEqual([0, 0]);
        expect(Object.keys(await series()).filter((name) => name.startsWith('emporium_queue'))).toEqual([]);
        expect((await list()).body).toEqual({
          brokers: [{ name: system, up: false, problem: expect.stringContaining('cannot be reached') }],
          queues: [],
        });
      });
    },
  );
});

const of = (metric: string, system: string, subscription: string): string =>
  `${metric}{messaging_system="${system}",messaging_destination_subscription_name="${subscription}"}`;

/** The samples of these metrics, by series. */
const samplesIn = (text: string): Record<string, number> => {
  const lines = text.split('\n').filter((line) => line.startsWith('emporium_'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
};

const subscriptionOf = (name: string) => {
  const found = shop.subscription(name);
  if (found === undefined) throw new Error(`${name} is not registered`);
  return found;
};

const registered = (): OutgoingMessage => {
  const id = uuid();
  return {
    ...{ id, type: 'user.registered', key: id, kind: 'event', owner: 'user-registration' },
    body: new TextEncoder().encode(JSON.stringify(envelope(id))),
  };
};
