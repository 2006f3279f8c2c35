import { readFileSync } from 'node:fs';
import { type DeadLetter, permanent, type Transport } from '@emporium/bus';
import { orderPlaced, quick, subscription } from '@emporium/contracts';
import { startProjection } from '@emporium/event-store';
import { freshDatabase, ownServerFor, serverFor } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customerOrders } from '../src/views/customer-orders.ts';
import { type Orders, openOrders } from './support/orders.ts';
import { openSubscribers, registryWith } from './support/subscribers.ts';

const patience = { timeout: 30_000, interval: 20 };
const postgres = await serverFor('postgres');
const rabbitmq = await ownServerFor('rabbitmq');

const orderPlaced1 = orderPlaced.upcast?.from ?? orderPlaced;
/** The body of a message that a release published before there was a version 2. */
const oldBody = readFileSync(new URL('./fixtures/order-placed-1.json', import.meta.url));
const old = JSON.parse(oldBody.toString());
const oldMessage = { id: old.id, type: old.type, key: old.subject, body: oldBody };
const upcastOfOld = {
  orderId: old.data.orderId,
  customerId: old.data.customerId,
  lines: [
    { line: 1, ...old.data.lines[0], lineTotal: { amount: 2_500, currency: 'EUR' } },
    { line: 2, ...old.data.lines[1], lineTotal: { amount: 4_900, currency: 'EUR' } },
  ],
  grossTotal: { amount: 7_400, currency: 'EUR' },
};

const knowsFirst = subscription('email.knows-first', { to: [orderPlaced1], retry: quick });
const knowsBoth = subscription('email.knows-both', { to: [orderPlaced1, orderPlaced], retry: quick });
/** The same subscription in the release before. */
const knewFirst = { ...knowsBoth, to: [orderPlaced1] };
const newRegistry = registryWith([knowsFirst, knowsBoth]);
const oldRegistry = registryWith([knowsFirst, knewFirst], [orderPlaced]);

interface Broker {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const brokers = [
  {
    kind: 'PostgreSQL',
    server: postgres,
    start: async (): Promise<Broker> => {
      const { url, drop } = await freshDatabase(postgres.url);
      return { url, stop: drop };
    },
  },
  { kind: 'RabbitMQ', server: rabbitmq, start: (): Promise<Broker> => rabbitmq.start() },
];

describe.each(brokers)('order.placed over $kind', ({ kind, server, start }) => {
  describe.skipIf(!postgres.available || !server.available)(server.title(kind), () => {
    let broker: Broker;
    let transport: Transport;
    let orders: Orders;
    let subscribers: Awaited<ReturnType<typeof openSubscribers>>;

    beforeAll(async () => {
      broker = await start();
      const log = createLog({ service: 'order', level: 'silent' });
      transport = await createTransport({ url: broker.url, service: 'test', log });
      await transport.topology(newRegistry).apply();
      orders = await openOrders(postgres.url);
      await orders.list('MUG-1', 1_250);
      await orders.list('LAMP-7', 4_900);
      subscribers = await openSubscribers(postgres.url);
    }, 120_000);

    afterAll(async () => {
      await subscribers?.close();
      await orders?.close();
      await transport?.close();
      await broker?.stop();
    }, 60_000);

    test('a new producer: a consumer of version 1 gets that, and one that knows both handles it once, in version 2', async () => {
      const first = { transport, registry: oldRegistry, subscription: knowsFirst, handles: orderPlaced1 };
      const both = { transport, registry: newRegistry, subscription: knowsBoth, handles: orderPlaced };
      const consumers = [await subscribers.start(first), await subscribers.start(both)];
      const relay = orders.store.startRelay(transport);
      const lines = [
        { sku: 'MUG-1', quantity: 2 },
        { sku: 'LAMP-7', quantity: 1 },
      ];
      const as = uuid();
      const { body } = await orders.ask('POST', '/api/orders', {
        as,
        payload: { lines, paymentToken: 'tok_ok' },
      });
      const { orderId } = body;

      const deliveries = () => consumers.map((consumer) => consumer.deliveries());
      await expect.poll(deliveries, patience).toEqual([1, 2]);

      const ids = { orderId, customerId: as };
      expect(await subscribers.seen(knowsFirst)).toEqual([
        { type: 'order.placed', data: { ...old.data, ...ids } },
      ]);
      expect(await subscribers.seen(knowsBoth)).toEqual([
        { type: 'order.placed.v2', data: { ...upcastOfOld, ...ids } },
      ]);
      await relay.stop();
      for (const consumer of consumers) await consumer.stop();
    });

    test('an old producer: a consumer that knows both gets the lines with their numbers and totals', async () => {
      const both = { transport, registry: newRegistry, subscription: knowsBoth, handles: orderPlaced };
      const consumer = await subscribers.start(both);
      const published = await transport.publish([{ ...oldMessage, kind: 'event', owner: 'order' }]);
      expect(published).toEqual([{ status: 'accepted' }]);
      await expect
        .poll(() => subscribers.seen(knowsBoth), patience)
        .toContainEqual({
          type: 'order.placed.v2',
          data: upcastOfOld,
        });
      await consumer.stop();
    });

    test('a dead letter of version 1 is replayed to the release that handles version 2', async () => {
      const id = uuid();
      const body = Buffer.from(JSON.stringify({ ...old, id }));
      const message = { ...oldMessage, id, body };
      const letters: DeadLetter[] = [];
      const collector = await transport.consumeDeadLetters(async (letter) => void letters.push(letter));
      const before = await subscribers.start({
        ...{ transport, registry: oldRegistry, subscription: knewFirst, handles: orderPlaced1 },
        failure: () => permanent('this release cannot'),
      });
      await transport.publish([{ ...message, kind: 'event', owner: 'order' }]);
      await expect.poll(() => letters.length, patience).toBe(1);
      await before.stop();
      await collector.stop();
      expect(Buffer.from(letters[0]?.body ?? []).equals(body)).toBe(true);

      const already = (await subscribers.seen(knowsBoth)).length;
      const both = { transport, registry: newRegistry, subscription: knowsBoth, handles: orderPlaced };
      const after = await subscribers.start(both);
      for (let time = 0; time < 2; time += 1) {
        const { type, key } = message;
        await transport.sendTo(knowsBoth, { id, type, key, body: letters[0]?.body ?? new Uint8Array() });
      }
      await expect.poll(after.deliveries, patience).toBe(2);
      const seen = await subscribers.seen(knowsBoth);
      expect(seen.slice(already)).toEqual([{ type: 'order.placed.v2', data: upcastOfOld }]);
      await after.stop();
    });
  });
});

describe.skipIf(!postgres.available)(postgres.title('orders that were stored before version 2'), () => {
  let orders: Orders;
  const { orderId, customerId, lines, total } = old.data;

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    // As the release before wrote them.
    await sql`insert into event_stream (stream, version) values (${orderId}, 2)`.execute(orders.store.db);
    await sql`
      insert into event (stream, version, id, type, data, at) values
      (${orderId}, 1, ${old.id}, 'placed', ${JSON.stringify({ type: 'placed', customerId, lines, total })}::jsonb, ${old.time}),
      (${orderId}, 2, ${uuid()}, 'confirmed', '{"type":"confirmed"}'::jsonb, ${old.time})`.execute(
      orders.store.db,
    );
  });
  afterAll(() => orders?.close());

  test('are read, and decided on, unchanged', async () => {
    const { body } = await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId });
    expect(body).toMatchObject({ status: 'confirmed', lines, total });
  });

  test('are in a projection that is built again from the first event', async () => {
    const rows = () => orders.store.db.selectFrom('customer_order').selectAll().execute();
    const expected = [{ order_id: orderId, status: 'confirmed', total_amount: 7_400, total_currency: 'EUR' }];
    await expect.poll(rows, patience).toMatchObject(expected);
    await orders.store.db.updateTable('customer_order').set({ total_amount: 0 }).execute();
    const log = createLog({ service: 'order', level: 'silent' });
    const again = startProjection(
      orders.store,
      { ...customerOrders, version: customerOrders.version + 1 },
      { log },
    );
    await expect.poll(rows, patience).toMatchObject(expected);
    await again.stop();
  });
});
