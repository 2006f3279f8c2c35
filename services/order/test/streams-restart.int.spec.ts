import { causeOf, newContext } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { appendEvents } from '@emporium/event-store';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import { createTokenIssuer, generateKeyPair, privateKeyFromText } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderEvent } from '../src/domain/order.ts';
import type { OrderTables } from '../src/store/tables.ts';
import { type Follower, followEvents } from './support/event-source.ts';
import { type ServiceProcess, startService } from './support/process.ts';

const postgres = await serverFor('postgres');
const [orderCount, streamCount, versions] = [20, 200, 40];

describe.skipIf(!postgres.available)(postgres.title('two hundred streams through the gateway'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: Store<OrderTables>;
  let order: ServiceProcess;
  let gateway: ServiceProcess;
  let origin: string;
  let startOrder: () => Promise<ServiceProcess>;
  const customerId = uuid();
  const keys = generateKeyPair();
  let token: string;
  let orderIds: string[] = [];
  let followers: Follower[] = [];

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    const { url } = database;
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    store = createStore<OrderTables>({ service: 'order', registry: shop, url, log });
    const [port, gatewayPort, nobody] = [await freePort(), await freePort(), await freePort()];
    const away = `http://127.0.0.1:${nobody}`;
    const common = { JWT_PUBLIC_KEY: keys.publicKey };
    startOrder = () =>
      startService('order', {
        port,
        // Nobody answers the saga's commands, and its deadlines must not append events beside those of the test.
        env: { ...common, DATABASE_URL: url, BUS_URL: 'memory://order', ORDER_STEP_DEADLINE_MS: '600000' },
      });
    order = await startOrder();
    gateway = await startService('gateway', {
      port: gatewayPort,
      env: {
        ...common,
        ORDER_URL: `http://127.0.0.1:${port}`,
        ...Object.fromEntries(others.map((service) => [`${service}_URL`, away])),
      },
    });
    origin = `http://127.0.0.1:${gatewayPort}`;
    const privateKey = privateKeyFromText(keys.privateKey);
    if (privateKey === undefined) throw new Error('no key');
    ({ token } = await createTokenIssuer(privateKey).issue({ userId: customerId, role: 'customer' }));
    await sql`insert into product_price (sku, amount, currency, sequence) values ('MUG-1', 1250, 'EUR', 1)`.execute(
      store.db,
    );
    orderIds = await Promise.all(Array.from({ length: orderCount }, place));
  });
  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
    await Promise.all([order?.kill('SIGKILL'), gateway?.kill('SIGKILL')]);
    await store?.close();
    await database?.drop();
  });

  const others = [
    'BRIDGE',
    'WEB',
    'USER_REGISTRATION',
    'INVENTORY',
    'PAYMENT',
    'SHIPPING',
    'EMAIL',
    'OPERATIONS',
    'SENSOR_ANALYTICS',
    'LOYALTY',
  ];
  const place = async (): Promise<string> => {
    const response = await fetch(`${origin}/api/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_ok' }),
    });
    const { orderId } = (await response.json()) as { orderId: string }; // checked by the tests of the route
    return orderId;
  };
  /** Appends as another instance of the service does. */
  const append = (stream: string, expectedVersion: number) =>
    store.transaction(({ tx, now }) => {
      const event: OrderEvent = { type: 'step-recorded', step: 'capture', outcome: 'refused' };
      const changes = [{ events: [event], cause: causeOf(newContext(), { kind: 'saga', name: 'test' }) }];
      return appendEvents<OrderEvent, OrderTables>(tx, [{ stream, expectedVersion, changes }], now);
    });
  const stored = async () => {
    const { rows } = await sql<{ stream: string; versions: number[] }>`
      select stream, array_agg(version order by version) as versions from event group by stream`.execute(
      store.db,
    );
    return new Map(rows.map((row) => [row.stream, row.versions]));
  };
  const commits = async (): Promise<number> => {
    const { rows } = await sql<{ commits: number }>`
      select xact_commit as commits from pg_stat_database where datname = current_database()`.execute(
      store.db,
    );
    return rows[0]?.commits ?? 0;
  };
  /** Commits of a second in which nothing happens. */
  const idleCommits = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // sessions report within a second
    const before = await commits();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    return ((await commits()) - before) / 4;
  };

  test('cost no query each', async () => {
    const without = await idleCommits();
    followers = Array.from({ length: streamCount }, (_, n) =>
      followEvents({ url: `${origin}/api/orders/${orderIds[n % orderCount]}/events`, token }),
    );
    await expect
      .poll(() => followers.every(({ events }) => events.length === 1), { timeout: 30_000 })
      .toBe(true);
    expect((await idleCommits()) - without).toBeLessThan(50); // one query for each would be 200 and more
  }, 60_000);

  test('miss nothing and get nothing twice while the service is killed and started again', async () => {
    const before = await stored();
    const writing = Promise.all(
      orderIds.map(async (orderId) => {
        const last = before.get(orderId)?.length ?? 0;
        for (let version = last; version < last + versions - 1; version += 1) {
          await append(orderId, version);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
        }
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await order.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 500));
    order = await startOrder();
    await writing;
    const inStore = await stored();
    const versionsOf = (n: number) => inStore.get(orderIds[n % orderCount] ?? '') ?? [];
    await expect
      .poll(() => followers.filter(({ events }, n) => events.length >= versionsOf(n).length).length, {
        timeout: 30_000,
      })
      .toBe(streamCount);
    followers.forEach(({ events, statuses }, n) => {
      expect(events.map(({ id }) => id)).toEqual(versionsOf(n));
      expect(statuses.length).toBeGreaterThan(1);
      expect(new Set(statuses)).toEqual(new Set([200]));
    });
  }, 60_000);

  test('do not keep the service from ending, nor the gateway', async () => {
    const { code, ms } = await order.kill('SIGTERM');
    expect([code, ms < 5_000]).toEqual([0, true]);
    order = await startOrder();
    await expect
      .poll(() => followers.every(({ statuses }) => statuses.length > 2), { timeout: 20_000 })
      .toBe(true);
    const ended = await gateway.kill('SIGTERM');
    expect([ended.code, ended.ms < 5_000]).toEqual([0, true]);
  }, 60_000);
});
