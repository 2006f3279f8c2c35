import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createMessage, newContext, type Transport } from '@emporium/bus';
import { dispatchOrder, shop } from '@emporium/contracts';
import { freePort, freshDatabase, type OwnServer, ownServerFor, serverFor } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../../../../services/shipping/src/main.ts', import.meta.url));
const database = await ownServerFor('postgres');
const broker = await serverFor('postgres');

/** `startMs` includes loading the service; `drainMs` limits the shutdown. */
const startMs = 60_000;
const drainMs = 4_000;

describe.skipIf(!database.available)(database.title('a service that is told to stop'), () => {
  let server: OwnServer;
  let databaseUrl: string;
  let bus: Awaited<ReturnType<typeof freshDatabase>>;
  let transport: Transport;
  const running = new Set<ChildProcess>();

  beforeEach(async () => {
    server = await database.start();
    databaseUrl = (await freshDatabase(server.url)).url;
    bus = await freshDatabase(broker.url);
    transport = await createTransport({
      url: bus.url,
      service: 'test',
      log: createLog({ service: 'test', level: 'silent' }),
    });
    await transport.topology(shop.on('bus')).apply();
  }, 120_000);

  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    running.clear();
    await transport?.close();
    await bus?.drop();
    await server?.stop();
  }, 60_000);

  const launch = async (environment: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [entry], {
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: String(await freePort()),
        DATABASE_URL: databaseUrl,
        BUS_URL: bus.url,
        JWT_PUBLIC_KEY: publicKey,
        CARRIER_URL: 'http://127.0.0.1:1',
        CARRIER_API_KEY: 'carrier-api-key',
        CARRIER_WEBHOOK_SECRET: 'carrier-webhook-secret',
        ...environment,
      },
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const exit = once(child, 'close').then(([code]) => Number(code));
    const logs = (text: string) =>
      expect.poll(() => output, { timeout: startMs, interval: 50 }).toContain(text);
    const stop = async () => {
      const before = performance.now();
      child.kill('SIGTERM');
      return { code: await exit, ms: performance.now() - before };
    };
    return { logs, stop, output: () => output };
  };

  test('ends at once while deliveries wait for its database, and loses none of them', async () => {
    const service = await launch();
    await service.logs('"message":"started"');
    await server.kill();
    const orders = Array.from({ length: 20 }, () => uuid());
    const results = await transport.publish(orders.map(dispatch));
    expect(results.every(({ status }) => status === 'accepted')).toBe(true);
    await service.logs('paused, nothing is lost');

    const { code, ms } = await service.stop();

    expect({ code, output: service.output() }).toMatchObject({ code: 0 });
    expect(ms).toBeLessThan(drainMs);
    await server.startServer();
    const seen = new Set<string>();
    const subscription = shop.subscription('shipping.commands');
    if (subscription === undefined) throw new Error('shipping.commands is not registered');
    await transport.subscribe(
      subscription,
      async (delivery) => {
        await delivery.ack();
        seen.add(delivery.key);
      },
      { concurrency: 100 },
    );
    await expect.poll(() => orders.filter((order) => !seen.has(order)), { timeout: 15_000 }).toEqual([]);
  }, 120_000);

  test.each([
    [
      'database',
      () => ({ DATABASE_URL: 'postgres://shipping:shipping@127.0.0.1:1/shipping' }),
      'waiting for the database',
    ],
    ['broker', () => ({ BUS_URL: 'postgres://bus:bus@127.0.0.1:1/bus' }), 'subscribing to shipping.control'],
  ])(
    'ends at once, with exit code 0, while it waits for its %s to start',
    async (_, environment, line) => {
      const service = await launch(environment());
      await service.logs(line);

      const { code, ms } = await service.stop();

      expect({ code, output: service.output() }).toMatchObject({ code: 0 });
      expect(ms).toBeLessThan(drainMs);
      expect(service.output().match(/trying again until it succeeds/g)).toHaveLength(1);
    },
    120_000,
  );
});

const publicKey = generateKeyPairSync('ed25519')
  .publicKey.export({ type: 'spki', format: 'der' })
  .toString('base64');

const dispatch = (orderId: string) =>
  createMessage(
    'order',
    dispatchOrder,
    { orderId, customerId: orderId, lines: [{ sku: 'TEA', quantity: 1 }] },
    newContext(),
    { stepId: `${orderId}/dispatch/1`, expiry: new Date(Date.now() + 600_000) },
  );
