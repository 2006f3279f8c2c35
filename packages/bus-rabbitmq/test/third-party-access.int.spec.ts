import { shop } from '@emporium/contracts';
import { canStart, type RabbitmqServer, startRabbitmq } from '@emporium/servers';
import { type Channel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { applyAccess, applyThirdPartyAccess, createRabbitmqTransport } from '../src/index.ts';

const rabbitmq = await canStart('rabbitmq');
const queue = 'user_registrations';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!rabbitmq.available)(rabbitmq.title('the access of third parties to rabbitmq'), () => {
  let server: RabbitmqServer;
  let url: string;

  const apply = () =>
    applyThirdPartyAccess({
      managementUrl: server.managementUrl ?? '',
      virtualHost: 'third-parties',
      queues: [queue],
      thirdParty: { user: 'third-party', password: 'a-password' },
      reader: 'bridge',
      mailboxes: [{ exchange: 'warehouse', owner: { user: 'warehouse', password: 'its-password' } }],
    });

  /** Rejects with the broker's refusal. */
  const trying = async (work: (channel: Channel) => Promise<unknown>, to = url): Promise<void> => {
    const connection = await connect(to);
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    const refused = new Promise<never>((_, reject) => channel.on('error', reject));
    refused.catch(() => {});
    try {
      await Promise.race([refused, work(channel).then(() => channel.waitForConfirms())]);
    } finally {
      await connection.close();
    }
  };

  beforeAll(async () => {
    server = await startRabbitmq({ management: true });
    const transport = createRabbitmqTransport({ url: server.url });
    await transport.topology(shop).apply();
    await transport.close();
    await applyAccess({
      managementUrl: server.managementUrl ?? '',
      registry: shop,
      operator: 'operations',
      passwordOf: (service) => `password-of-${service}`,
    });
    await apply();
    await apply(); // safe to repeat
    url = server.url.replace('emporium:emporium@', 'third-party:a-password@').concat('/third-parties');
  });
  afterAll(() => server?.stop());

  test('they declare their queue with the defaults of a client, and publish', () =>
    trying(async (channel) => {
      await channel.assertQueue(queue, { durable: false });
      channel.sendToQueue(queue, Buffer.from('{}'));
      expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThanOrEqual(0);
    }));

  test.each<[string, (channel: Channel) => Promise<unknown>]>([
    ['read it', (channel) => channel.get(queue)],
    ['declare another one', (channel) => channel.assertQueue('mine')],
    ['bind it', (channel) => channel.bindQueue(queue, 'amq.topic', '#')],
    [
      'write the dead letters',
      async (channel) => channel.publish(`${queue}.dead-letters`, '', Buffer.from('x')),
    ],
  ])('they cannot %s', async (_, work) => {
    const bridge = url.replace('third-party:a-password@', 'bridge:password-of-bridge@');
    await trying((channel) => channel.assertExchange(`${queue}.dead-letters`, 'fanout'), bridge);
    await expect(trying(work)).rejects.toThrow(/ACCESS_REFUSED/);
  });

  test('a warehouse reads the queue that the bridge declares and writes for it, and nothing else', async () => {
    const bridge = url.replace('third-party:a-password@', 'bridge:password-of-bridge@');
    const mailbox = 'warehouse.order-confirmed';
    await trying(async (channel) => {
      await channel.assertExchange('warehouse', 'topic');
      await channel.assertQueue(mailbox, { arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue(mailbox, 'warehouse', 'order.confirmed.v1');
      channel.publish('warehouse', 'order.confirmed.v1', Buffer.from('x'), { mandatory: true });
    }, bridge);
    const own = url.replace('third-party:a-password@', 'warehouse:its-password@');
    await trying(async (channel) => {
      const message = await channel.get(mailbox);
      if (message === false) throw new Error('the queue is empty');
      channel.ack(message);
    }, own);
    await expect(trying((channel) => channel.get(`${queue}.dead-letters`), own)).rejects.toThrow(
      /ACCESS_REFUSED/,
    );
    await expect(trying((channel) => channel.purgeQueue(queue), own)).rejects.toThrow(/ACCESS_REFUSED/);
    const write = async (channel: Channel) => channel.publish('warehouse', 'x', Buffer.from('x'));
    await expect(trying(write, own)).rejects.toThrow(/ACCESS_REFUSED/);
    await expect(trying((channel) => channel.get(mailbox))).rejects.toThrow(/ACCESS_REFUSED/);
  });

  test('they have no way into the virtual host of the shop', async () => {
    const shopUrl = url.replace('/third-parties', '');
    await expect(trying(async () => {}, shopUrl)).rejects.toThrow(/NOT.ALLOWED|access/i);
  });

  test('the bridge consumes the queue, and keeps what it refuses', () => {
    const bridge = url.replace('third-party:a-password@', 'bridge:password-of-bridge@');
    const name = `${queue}.dead-letters`;
    return trying(async (channel) => {
      await channel.assertQueue(queue, { durable: false });
      await channel.consume(queue, () => {}, { noAck: true });
      await channel.assertExchange(name, 'fanout');
      await channel.assertQueue(name, { arguments: { 'x-queue-type': 'quorum' } });
      await channel.bindQueue(name, name, '');
      channel.publish(name, '', Buffer.from('x'), { mandatory: true });
    }, bridge);
  });
});
