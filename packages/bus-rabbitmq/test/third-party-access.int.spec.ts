import { shop } from '@emporium/contracts';
import { canStart, type RabbitmqServer, startRabbitmq } from '@emporium/servers';
import { type Channel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  applyAccess,
  applyMailboxAccess,
  applyThirdPartyAccess,
  createRabbitmqTransport,
} from '../src/index.ts';

const rabbitmq = await canStart('rabbitmq');
const queue = 'user_registrations';
const mailbox = 'warehouse.order-confirmed';
const noAccess = /NOT.ALLOWED|access/i;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!rabbitmq.available)(rabbitmq.title('the access of third parties to rabbitmq'), () => {
  let server: RabbitmqServer;

  const apply = async () => {
    const managementUrl = server.managementUrl ?? '';
    await applyThirdPartyAccess({
      managementUrl,
      virtualHost: 'third-parties',
      queues: [queue],
      thirdParty: { user: 'third-party', password: 'password-of-third-party' },
      reader: 'bridge',
    });
    await applyMailboxAccess({
      managementUrl,
      virtualHost: 'warehouse',
      exchange: 'warehouse',
      owner: { user: 'warehouse', password: 'password-of-warehouse' },
      writer: 'bridge',
    });
  };

  const urlFor = (user: string, virtualHost: string): string =>
    server.url
      .replace('emporium:emporium@', `${user}:password-of-${user}@`)
      .concat(virtualHost === '/' ? '' : `/${virtualHost}`);

  /** Rejects with the broker's refusal. */
  const trying = async (
    work: (channel: Channel) => Promise<unknown>,
    { user = 'third-party', virtualHost = 'third-parties' } = {},
  ): Promise<void> => {
    const connection = await connect(urlFor(user, virtualHost));
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
      'write the exchange of the dead letters',
      async (channel) => channel.publish(`${queue}.dead-letters`, '', Buffer.from('x')),
    ],
  ])('they cannot %s', async (_, work) => {
    await trying((channel) => channel.assertExchange(`${queue}.dead-letters`, 'fanout'), { user: 'bridge' });
    await expect(trying(work)).rejects.toThrow(/ACCESS_REFUSED/);
  });

  const declareMailbox = () =>
    trying(
      async (channel) => {
        await channel.assertExchange('warehouse', 'topic');
        await channel.assertQueue(mailbox, { arguments: { 'x-queue-type': 'quorum' } });
        await channel.bindQueue(mailbox, 'warehouse', 'order.confirmed.v1');
        channel.publish('warehouse', 'order.confirmed.v1', Buffer.from('x'), { mandatory: true });
      },
      { user: 'bridge', virtualHost: 'warehouse' },
    );

  test('a warehouse reads the queue that the bridge declares and writes for it, and nothing else', async () => {
    const warehouse = { user: 'warehouse', virtualHost: 'warehouse' };
    await declareMailbox();
    await trying(async (channel) => {
      const message = await channel.get(mailbox);
      if (message === false) throw new Error('the queue is empty');
      channel.ack(message);
    }, warehouse);
    const write = (exchange: string, key: string) =>
      trying(async (channel) => channel.publish(exchange, key, Buffer.from('x')), warehouse);
    await expect(write('warehouse', 'order.confirmed.v1')).rejects.toThrow(/ACCESS_REFUSED/);
    await expect(write('', mailbox)).rejects.toThrow(/ACCESS_REFUSED/);
    await expect(trying((channel) => channel.deleteQueue(mailbox), warehouse)).rejects.toThrow(
      /ACCESS_REFUSED/,
    );
    await expect(trying(async () => {}, { user: 'warehouse' })).rejects.toThrow(noAccess);
  });

  test('nobody but the bridge reaches the queue of the warehouse, not even by the default exchange', async () => {
    await declareMailbox();
    await expect(trying(async () => {}, { virtualHost: 'warehouse' })).rejects.toThrow(noAccess);
    let returned: string | undefined;
    await trying(async (channel) => {
      channel.once('return', ({ fields }) => (returned = fields.routingKey));
      channel.sendToQueue(mailbox, Buffer.from('forged'), { mandatory: true });
    });
    expect(returned, 'what a third party sends is in no queue').toBe(mailbox);
  });

  test('they have no way into the virtual host of the shop', () =>
    expect(trying(async () => {}, { virtualHost: '/' })).rejects.toThrow(noAccess));

  test('the bridge consumes the queue, and keeps what it refuses', () => {
    const name = `${queue}.dead-letters`;
    return trying(
      async (channel) => {
        await channel.assertQueue(queue, { durable: false });
        await channel.consume(queue, () => {}, { noAck: true });
        await channel.assertExchange(name, 'fanout');
        await channel.assertQueue(name, { arguments: { 'x-queue-type': 'quorum' } });
        await channel.bindQueue(name, name, '');
        channel.publish(name, '', Buffer.from('x'), { mandatory: true });
      },
      { user: 'bridge' },
    );
  });
});
