import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OwnServer, ownServerFor, serverFor } from '@emporium/servers';
import { connect } from 'amqplib';
import protobuf from 'protobufjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { warehouse } from '../src/warehouse/topology.ts';
import { confirmed, order } from './support/orders.ts';
import { openSystem, takeAll } from './support/warehouse-system.ts';

const postgres = await serverFor('postgres');
const rabbitmq = await ownServerFor('rabbitmq');
const suite = [postgres, rabbitmq].find(({ available }) => !available) ?? rabbitmq;

describe.skipIf(!suite.available)(suite.title('confirmed orders for a warehouse'), () => {
  let broker: OwnServer;
  let system: Awaited<ReturnType<typeof openSystem>>;

  beforeAll(async () => {
    broker = await rabbitmq.start();
  }, 120_000);
  afterAll(() => broker?.stop(), 60_000);
  beforeEach(async () => {
    system = await openSystem(postgres.url, broker.url);
  });
  afterEach(() => system.close());

  const onBroker = async (work: (channel: import('amqplib').Channel) => Promise<unknown>): Promise<void> => {
    const connection = await connect(broker.url);
    await work(await connection.createChannel());
    await connection.close();
  };

  test('arrive as Protocol Buffers, under the id of the event', async () => {
    await system.start();
    const data = order();
    const sent = confirmed(data);
    await system.publish([sent]);
    const [message] = await takeAll(broker.url, [sent.id]);
    expect(message?.fields).toMatchObject({ exchange: 'warehouse', routingKey: 'order.confirmed.v1' });
    expect(message?.properties).toMatchObject({
      messageId: sent.id,
      type: 'emporium.warehouse.v1.OrderConfirmed',
      contentType: 'application/x-protobuf',
      correlationId: 'correlation-1',
      deliveryMode: 2,
      timestamp: expect.any(Number),
    });
    const root = new protobuf.Root();
    root.resolvePath = (_, target) => resolve(import.meta.dirname, '../proto', target);
    await root.load('emporium/warehouse/v1/order_confirmed.proto');
    const type = root.lookupType('emporium.warehouse.v1.OrderConfirmed');
    expect(type.toObject(type.decode(message?.content ?? Buffer.alloc(0)), { longs: Number })).toMatchObject({
      eventId: sent.id,
      orderId: data.orderId,
      customerId: data.customerId,
      lines: [{ sku: 'MUG', quantity: 2, unitPrice: { minorUnits: 1_250, currencyCode: 'EUR' } }],
      total: { minorUnits: 2_500, currencyCode: 'EUR' },
    });
  });

  test('wait in the queue of the warehouse, which the bridge declares, until it listens', async () => {
    await onBroker((channel) => channel.deleteQueue(warehouse.mailbox));
    await system.start();
    const sent = [confirmed(), confirmed()];
    await system.publish(sent);
    await sleep(500);
    expect(await takeAll(broker.url, idsOf(sent))).toHaveLength(2);
  });

  test('are not lost when the queue is removed while the bridge runs', async () => {
    await system.start();
    const first = confirmed();
    await system.publish([first]);
    await takeAll(broker.url, [first.id]);
    await onBroker((channel) => channel.deleteQueue(warehouse.mailbox));
    const second = confirmed();
    await system.publish([second]);
    await takeAll(broker.url, [second.id]);
  });

  test('are not lost when the exchange is removed while the bridge runs', async () => {
    await system.start();
    const first = confirmed();
    await system.publish([first]);
    await takeAll(broker.url, [first.id]);
    await onBroker((channel) => channel.deleteExchange(warehouse.exchange));
    const second = confirmed();
    await system.publish([second]);
    await takeAll(broker.url, [second.id]);
  });

  test('are not lost when the broker of the warehouse is killed in the middle, and use up no attempt', async () => {
    await system.start();
    await sleep(2_000); // a queue that was declared just now may be lost in a crash
    const sent = Array.from({ length: 600 }, () => confirmed());
    await system.publish(sent.slice(0, 300));
    await broker.kill();
    await system.publish(sent.slice(300));
    await sleep(2_000);
    await broker.startServer();
    await takeAll(broker.url, idsOf(sent), 60_000);
    expect(await system.deadLetters()).toEqual([]);
  }, 120_000);

  test('are not lost when the bridge is killed in the middle', async () => {
    const kill = await system.start();
    const sent = Array.from({ length: 600 }, () => confirmed());
    const publishing = system.publish(sent);
    await sleep(100);
    await kill();
    await publishing;
    await system.start();
    const taken = await takeAll(broker.url, idsOf(sent));
    expect(taken.length).toBeGreaterThanOrEqual(600);
    expect(await system.deadLetters()).toEqual([]);
  }, 60_000);

  test('wait while the broker refuses the user', async () => {
    const kill = await system.start(broker.url.replace(/:\w+@/, ':wrong-password@'));
    const sent = confirmed();
    await system.publish([sent]);
    await sleep(1_500);
    await kill();
    await system.start();
    await takeAll(broker.url, [sent.id]);
  });

  test('go to the dead letters of the warehouse when it rejects them', async () => {
    await system.start();
    const sent = confirmed();
    await system.publish([sent]);
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await expect
      .poll(async () => {
        const message = await channel.get(warehouse.mailbox);
        if (message === false) return undefined;
        channel.reject(message, false);
        return String(message.properties.messageId);
      })
      .toBe(sent.id);
    await expect
      .poll(() => channel.get(warehouse.deadLetters))
      .toMatchObject({ properties: { messageId: sent.id } });
    await connection.close();
  });
});

const idsOf = (messages: readonly { readonly id: string }[]): string[] => messages.map(({ id }) => id);
