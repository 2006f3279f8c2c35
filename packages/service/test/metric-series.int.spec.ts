import { request } from 'node:http';
import {
  type Consumer,
  consume,
  countingTransport,
  createMessage,
  newContext,
  type OutgoingMessage,
  type Transport,
} from '@emporium/bus';
import { createMemoryTransport } from '@emporium/bus-memory';
import { numbered, orderPlaced, shop } from '@emporium/contracts';
import { scrape } from '@emporium/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHealth, createHttpServer, createLog, type HttpServer } from '../src/index.ts';

const log = createLog({ service: 'test', level: 'silent' });
const [subscription] = shop.subscriptions.filter(({ to }) => to.includes(orderPlaced));
if (subscription === undefined) throw new Error('nobody listens to order.placed');

let server: HttpServer;
let port: number;
let transport: Transport;
let consumer: Consumer;
let handled = 0;

beforeAll(async () => {
  server = await createHttpServer({
    log,
    health: createHealth(),
    api: { title: 'Test', description: 'A server for tests' },
    routes: [
      (app) => {
        app.get('/orders/:id', { schema: { hide: true } }, () => ({ ok: true }));
      },
    ],
  });
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
  transport = countingTransport(createMemoryTransport({ url: 'memory://series' }));
  await transport.topology(shop).apply();
  consumer = await consume({
    ...{ transport, registry: shop, subscription, log },
    handles: subscription.to,
    run: async () => {
      handled += 1;
    },
    probe: async () => undefined,
    limits: { concurrency: 100 },
  });
});

afterAll(async () => {
  await consumer.stop();
  await transport.close();
  await server.close();
});

const money = { amount: 100, currency: 'EUR' };

/** A UUIDv7. */
const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;

const placed = (n: number): OutgoingMessage => {
  const lines = numbered([{ sku: `SKU-${n}`, quantity: 1, unitPrice: money }]);
  const data = { orderId: idOf(n), customerId: idOf(n + 1), lines, grossTotal: money };
  return createMessage('order', orderPlaced, data, newContext());
};

const publish = async (from: number, count: number): Promise<void> => {
  await transport.publish(Array.from({ length: count }, (_, index) => placed(from + index)));
  await expect.poll(() => handled, { timeout: 60_000 }).toBe(from + count);
};

/** As third parties and mistakes have them. */
const hostileTypes = ['', '"}\n', 'order.placed"} 1', '\u0000', 'x'.repeat(5_000), '__proto__'];

const publishUnknown = async (types: readonly string[]): Promise<void> => {
  for (const type of types)
    await transport.sendTo(subscription, { ...placed(0), type, body: Buffer.from('no JSON') });
};

/** Not `fetch`, which refuses some methods. */
const visit = (path: string, method = 'GET') =>
  new Promise<void>((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path }, (response) => response.resume().once('end', resolve))
      .once('error', reject)
      .end();
  });

const visitEach = async (from: number, count: number): Promise<void> => {
  for (let n = from; n < from + count; n += 1) {
    await visit(`/orders/${idOf(n)}`);
    await visit(`/unknown/${idOf(n)}?token=${n}`);
  }
  for (const method of ['PROPFIND', 'QUERY', 'LOCK', 'DELETE']) await visit(`/orders/${idOf(from)}`, method);
};

const scraped = async (): Promise<string> => (await scrape()).text;

const seriesIn = (text: string): number => text.split('\n').filter((line) => !line.startsWith('#')).length;

const unknownDeliveries =
  /messaging_client_consumed_messages_total\{[^}]*emporium_message_type="unknown"\} 7$/m;

test('10,000 orders of as many customers, and what callers and third parties make up, add no series', async () => {
  await publish(0, 100);
  await publishUnknown(['made.up']);
  await visitEach(0, 5);
  await expect.poll(scraped).toContain('emporium_settlement="dead-letter"');
  const before = seriesIn(await scraped());

  await publish(100, 10_000);
  await publishUnknown(hostileTypes);
  await visitEach(1_000, 500);
  await expect.poll(scraped).toMatch(unknownDeliveries);
  const text = await scraped();
  expect(seriesIn(text)).toBe(before);
  expect(text).not.toMatch(/01900000|SKU|token|PROPFIND|made\.up|unknown\//);
  expect(text).toMatch(/http_request_method="_OTHER",http_route="unknown"/);
}, 120_000);
