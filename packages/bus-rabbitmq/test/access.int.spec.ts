import { type DeadLetter, type OutgoingMessage, partitionOf, type Transport } from '@emporium/bus';
import {
  type Contract,
  createRegistry,
  dispatchOrder,
  orderCompleted,
  orderPlaced,
  paymentAuthorised,
  quick,
  reserveStock,
  type ServiceName,
  type Subscription,
  shop,
  stockReserved,
  subscription,
  userRegistered,
} from '@emporium/contracts';
import { canStart, type RabbitmqServer, startRabbitmq } from '@emporium/servers';
import { type ConfirmChannel, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { applyAccess, createRabbitmqTransport, privilegesOf, type QueueLimits } from '../src/index.ts';

const rabbitmq = await canStart('rabbitmq');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const passwordOf = (service: ServiceName): string => `password-of-${service}`;

const aMessage = ({ kind, owner, type }: Contract, id: string): OutgoingMessage => ({
  id,
  key: id,
  kind,
  owner,
  type,
  body: Buffer.from(id),
});

const peek = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' };

const registered = (name: string): Subscription => {
  const found = shop.subscription(name);
  if (found === undefined) throw new Error(`${name} is not registered`);
  return found;
};

describe.skipIf(!rabbitmq.available)(rabbitmq.title('the access of each service to rabbitmq'), () => {
  const opened: Transport[] = [];
  let server: RabbitmqServer;

  const apply = (registry = shop, limits?: QueueLimits) =>
    applyAccess({
      managementUrl: server.managementUrl ?? '',
      registry,
      operator: 'operations',
      passwordOf,
      ...(limits === undefined ? {} : { limits }),
    });

  const urlOf = (service: ServiceName): string =>
    server.url.replace('emporium:emporium@', `${service}:${passwordOf(service)}@`);

  /** The management plugin, for a service. */
  const managementOf = (service: ServiceName): string =>
    (server.managementUrl ?? '').replace('emporium:emporium@', `${service}:${passwordOf(service)}@`);

  const as = (service: ServiceName): Transport => {
    const managementUrl = managementOf(service);
    const transport = createRabbitmqTransport({ url: urlOf(service), managementUrl, timeoutMs: 3_000 });
    opened.push(transport);
    return transport;
  };

  /** A client of its own, in a service's name: what a service could try that its transport never would. */
  const trying = async (service: ServiceName, work: (channel: ConfirmChannel) => unknown): Promise<void> => {
    const connection = await connect(urlOf(service));
    connection.on('error', () => {}); // the channel's comes first
    const channel = await connection.createConfirmChannel();
    const refusal = new Promise<never>((_, reject) => {
      channel.on('error', reject);
    });
    refusal.catch(() => {}); // it may come after the end of the work
    try {
      await Promise.race([refusal, Promise.resolve(work(channel)).then(() => channel.waitForConfirms())]);
    } finally {
      await connection.close();
    }
  };

  const publishing =
    (exchange: string, routingKey: string) =>
    (channel: ConfirmChannel): void =>
      void channel.publish(exchange, routingKey, Buffer.from('{}'));

  beforeAll(async () => {
    server = await startRabbitmq({ management: true });
    const transport = createRabbitmqTransport({ url: server.url });
    await transport.topology(shop).apply();
    await transport.close();
    await apply();
  }, 120_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });
  afterAll(() => server?.stop(), 60_000);

  test('what is registered goes all its ways: events, commands, retries, dead letters and replays', async () => {
    const commands: string[] = [];
    const deadLetters: DeadLetter[] = [];
    const operations = as('operations');
    await operations.consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    await as('inventory').subscribe(
      registered('inventory.commands'),
      async (delivery) => {
        commands.push(`${delivery.id} ${delivery.attempt}`);
        if (delivery.id !== 'poison' && delivery.attempt === 1) await delivery.retry(0);
        else if (delivery.id === 'poison' && deadLetters.length === 0)
          await delivery.deadLetter({ code: 'poison', message: 'it can never work' });
        else await delivery.ack();
      },
      { concurrency: 10 },
    );
    const order = as('order');
    const results = await order.publish([
      aMessage(orderPlaced, 'placed'),
      aMessage(reserveStock, 'reserve'),
      aMessage(reserveStock, 'poison'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted']);
    await vi.waitFor(() => expect(commands).toContain('reserve 2'), 10_000);
    await vi.waitFor(() => expect(deadLetters.map(({ id }) => id)).toEqual(['poison']), 10_000);

    const replay = aMessage(reserveStock, 'poison');
    expect(await operations.sendTo(registered('inventory.commands'), replay)).toEqual({ status: 'accepted' });
    await vi.waitFor(() => expect(commands.filter((each) => each === 'poison 1')).toHaveLength(2), 10_000);
  });

  test('the owner of events publishes its history to a subscription that takes it, and to no other', async () => {
    const ids: string[] = [];
    await as('loyalty').subscribe(
      registered('loyalty.orders'),
      async (delivery) => {
        ids.push(delivery.id);
        await delivery.ack();
      },
      { concurrency: 10 },
    );
    const completed = aMessage(orderCompleted, 'completed');
    expect(await as('order').sendTo(registered('loyalty.orders'), completed)).toEqual({ status: 'accepted' });
    await vi.waitFor(() => expect(ids).toEqual(['completed']), 10_000);
    expect(await as('order').sendTo(registered('email.orders'), completed)).toMatchObject({
      status: 'refused',
    });
    expect(await as('payment').sendTo(registered('loyalty.orders'), completed)).toMatchObject({
      status: 'refused',
    });
  });

  test('an ordered subscription is consumed without the right to declare anything', async () => {
    const names: string[] = [];
    const { name } = registered('email.customers');
    await as('email').subscribe(
      registered(name),
      async (delivery) => {
        names.push(delivery.id);
        await delivery.ack();
      },
      { concurrency: 10 },
    );
    await as('user-registration').publish(['a', 'b', 'c'].map((id) => aMessage(userRegistered, id)));
    await vi.waitFor(() => expect(names.toSorted()).toEqual(['a', 'b', 'c']), 10_000);
  });

  test('the operator sees what waits for each subscription and what is unacked', async () => {
    const name = 'shipping.commands';
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await as('shipping').subscribe(
      registered(name),
      async (delivery) => {
        await released;
        await delivery.ack();
      },
      { concurrency: 2 },
    );
    const sent = ['a', 'b', 'c', 'd', 'e'].map((id) => aMessage(dispatchOrder, id));
    expect(await as('order').publish(sent)).toEqual(sent.map(() => ({ status: 'accepted' })));

    const operations = as('operations');
    const found = async () =>
      (await operations.queues(shop)).find(({ subscription }) => subscription === name);
    // The plugin hears of each queue once in five seconds.
    const patience = { timeout: 30_000, interval: 200 };
    await expect.poll(found, patience).toEqual({ subscription: name, waiting: 3, unacked: 2 });
    const all = (await operations.queues(shop)).map(({ subscription }) => subscription);
    expect(all.toSorted()).toEqual(shop.subscriptions.map((each) => each.name).toSorted());
    release();
    await expect.poll(found, patience).toEqual({ subscription: name, waiting: 0, unacked: 0 });
  });

  test('a service without the management plugin is told what waits', async () => {
    const figures = (await as('email').queues(shop)).find(
      ({ subscription }) => subscription === 'email.welcome',
    );
    expect(figures).toEqual({ subscription: 'email.welcome', waiting: expect.any(Number) });
  });

  test.each<[string, ServiceName, string, string, object?]>([
    ['reading a message', 'operations', 'POST', 'queues/%2F/payment.commands/get', peek],
    ['emptying a queue', 'operations', 'DELETE', 'queues/%2F/payment.commands/contents'],
    ['removing a queue', 'operations', 'DELETE', 'queues/%2F/payment.commands'],
    ['declaring a queue', 'operations', 'PUT', 'queues/%2F/operations.own', {}],
    ['changing the limits', 'operations', 'PUT', 'policies/%2F/own', { pattern: '.*', definition: {} }],
    [
      'giving itself rights',
      'operations',
      'PUT',
      'users/operations',
      { password: 'x', tags: 'administrator' },
    ],
    ['seeing the users', 'operations', 'GET', 'users'],
    ['for another service, seeing the queues', 'order', 'GET', 'queues/%2F'],
  ])('refused in the management plugin: %s', async (_, service, method, path, body) => {
    const { origin, username, password } = new URL(managementOf(service));
    const response = await fetch(`${origin}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect([response.status, await response.text()]).toEqual([401, expect.any(String)]);
  });

  const key = `${partitionOf('one')}`;

  test.each<[string, ServiceName, string, string]>([
    ['the events of another', 'payment', 'order.events', `order.placed.${key}`],
    ['commands that it does not send', 'email', 'payment.commands', `payment.capture.${key}`],
    ['an unknown command where it may send others', 'order', 'payment.commands', `payment.steal.${key}`],
    ['an unknown event of its own', 'order', 'order.events', `order.forged.${key}`],
    ['past the contracts, to a queue', 'order', '', 'payment.commands'],
    ['the retries of another', 'order', 'payment.retry', 'payment.commands'],
    ['as the operator, an event', 'operations', 'order.events', `order.placed.${key}`],
    ['a new topology', 'payment', 'emporium.topology', ''],
  ])('refused: publishing %s', async (_, service, exchange, routingKey) => {
    await expect(trying(service, publishing(exchange, routingKey))).rejects.toThrow('ACCESS_REFUSED');
  });

  test.each<[string, ServiceName, string]>([
    ['the queue of another', 'email', 'order.replies'],
    ['the dead letters', 'order', 'dead-letters'],
    ['what waits for a retry, even its own', 'order', 'order.wait.100'],
    ['as the operator, a queue', 'operations', 'payment.commands'],
    ['the record of the topology', 'payment', 'emporium.topology'],
  ])('refused: reading %s', async (_, service, queue) => {
    await expect(trying(service, (channel) => channel.consume(queue, () => {}))).rejects.toThrow(
      'ACCESS_REFUSED',
    );
  });

  test.each<[string, (channel: ConfirmChannel) => unknown]>([
    ['declaring a queue', (channel) => channel.assertQueue('order.own')],
    ['removing its own queue', (channel) => channel.deleteQueue('order.replies')],
    ['listening to more', (channel) => channel.bindQueue('order.replies', 'payment.events', '#')],
  ])('refused: %s', async (_, work) => {
    await expect(trying('order', work)).rejects.toThrow('ACCESS_REFUSED');
  });

  test('a forbidden publish is refused with the reason, and holds up nothing else', async () => {
    const payment = as('payment');
    const [forged] = await payment.publish([aMessage(orderPlaced, 'forged')]);
    expect(forged).toMatchObject({ status: 'refused', error: { code: 'bus.refused' } });
    expect(String(forged?.status === 'refused' && forged.error.message)).toContain('ACCESS_REFUSED');
    expect(await payment.publish([aMessage(paymentAuthorised, 'honest')])).toEqual([{ status: 'accepted' }]);
  });

  test('a full queue refuses what comes, and drops nothing', async () => {
    await apply(shop, { messages: 5, bytes: 1_000_000 });
    const inventory = as('inventory');
    const stored: string[] = [];
    for (let number = 0; number < 200; number += 1) {
      const id = `stock-${number}`;
      const [result] = await inventory.publish([aMessage(stockReserved, id)]);
      if (result?.status !== 'accepted') break;
      stored.push(id);
    }
    expect(stored.length).toBeGreaterThanOrEqual(5);
    expect(stored.length).toBeLessThan(200);

    const came: string[] = [];
    await as('order').subscribe(
      registered('order.replies'),
      async (delivery) => {
        came.push(delivery.id);
        await delivery.ack();
      },
      { concurrency: 10 },
    );
    await vi.waitFor(() => expect(came).toEqual(expect.arrayContaining(stored)), 10_000);
    const again = await inventory.publish([aMessage(stockReserved, 'after')]);
    expect(again).toEqual([{ status: 'accepted' }]);
    await apply();
  });

  test('the user of a service that is gone is removed, and those of others stay', async () => {
    await server.ctl('add_user', 'somebody', 'secret');
    const less = createRegistry({
      contracts: [userRegistered],
      subscriptions: [subscription('email.test', { to: [userRegistered], retry: quick })],
    });
    const { users, removed } = await apply(less);
    expect(users.toSorted()).toEqual(['email', 'operations', 'user-registration']);
    const all = privilegesOf(shop, 'operations').map(({ service }) => service);
    expect(all).toContain('payment');
    expect(removed.toSorted()).toEqual(all.filter((service) => !users.includes(service)).toSorted());
    const left = await server.ctl('list_users', '--quiet');
    expect(left).toContain('somebody');
    expect(left).toContain('emporium');
    expect(left).not.toContain('payment');
    await apply();
  });
});
