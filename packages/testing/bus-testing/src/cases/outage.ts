import { Fault, type OutgoingMessage, type Transport } from '@emporium/bus';
import { type Delivery, queuesTimeoutMs } from '@emporium/bus/transport';
import { expect } from 'vitest';
import { type Cases, registryOf } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const outage = {
  'a restart of the broker under load loses nothing': async ({ connect, declareEvent, server }) => {
    const { restart } = server();
    const { happened, subscription } = await declareEvent();
    const effects = new Set<string>();
    const deliver = async (delivery: Delivery) => {
      await aWhile(1);
      await delivery.ack();
      effects.add(delivery.id);
    };
    await receive(await connect(), subscription, { deliver, concurrency: 20 });
    await receive(await connect(), subscription, { deliver, concurrency: 20 });
    const sent = messages(happened, 2_000);

    const publishing = publishUntilAccepted(await connect(), sent);
    await eventually(
      () => effects.size > 100,
      () => `${effects.size} effects before the restart`,
    );
    await restart();
    await publishing;

    await eventually(
      () => effects.size === sent.length,
      () => `${effects.size} of ${sent.length} effects`,
      30_000,
    );
  },

  'a crash of the broker under load loses nothing that it had accepted': async ({
    connect,
    declareEvent,
    server,
  }) => {
    const { kill, startServer } = server();
    const { happened, subscription } = await declareEvent();
    // A quorum queue that was declared just before a crash never confirms again (RabbitMQ 3.10.8).
    await aWhile(3_000);
    const effects = new Set<string>();
    const deliver = async (delivery: Delivery) => {
      await aWhile(1);
      await delivery.ack();
      effects.add(delivery.id);
    };
    await receive(await connect(), subscription, { deliver, concurrency: 20 });
    const sent = messages(happened, 1_000);

    const publishing = publishUntilAccepted(await connect(), sent);
    await eventually(
      () => effects.size > 100,
      () => `${effects.size} effects before the crash`,
    );
    await kill();
    await startServer();
    await publishing;

    await eventually(
      () => effects.size === sent.length,
      () => `${effects.size} of ${sent.length} effects`,
      30_000,
    );
  },

  'a restart of the broker under load keeps the order per key': async ({
    connect,
    declareOrderedEvent,
    server,
  }) => {
    const { restart } = server();
    const { happened, subscription } = await declareOrderedEvent();
    const handled: number[] = [];
    const inbox = new Set<string>();
    const deliver = async (delivery: Delivery) => {
      await aWhile(2);
      if (!inbox.has(delivery.id)) handled.push(Number(textOf(delivery)));
      inbox.add(delivery.id);
      await delivery.ack();
    };
    await receive(await connect(), subscription, { deliver });
    await receive(await connect(), subscription, { deliver });
    const publisher = await connect();
    const results = await publisher.publish(messages(happened, 300, 'one key'));
    expect(results.every(({ status }) => status === 'accepted')).toBe(true);

    await eventually(
      () => handled.length > 50,
      () => `${handled.length} were handled before the restart`,
    );
    await restart();

    await eventually(
      () => handled.length === 300,
      () => `${handled.length} of 300 were handled`,
      30_000,
    );
    expect(handled).toEqual(handled.toSorted((one, other) => one - other));
  },

  'publishing and reading queues are refused while the broker is down, and work again afterwards': async ({
    connect,
    declareEvent,
    server,
  }) => {
    const { stopServer, startServer } = server();
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    await transport.publish([aMessage(happened, { body: 'before' })]);
    expect(transport.status()).toEqual({ state: 'up' });
    const registry = registryOf([subscription]);
    const before = [expect.objectContaining({ subscription: subscription.name, waiting: 1 })];
    expect(await transport.queues(registry)).toEqual(before);

    await stopServer();
    try {
      const since = performance.now();
      await expect(transport.queues(registry)).rejects.toMatchObject({ code: 'bus.broker_away' });
      expect(performance.now() - since).toBeLessThan(queuesTimeoutMs + 2_000);
      const [result] = await transport.publish([aMessage(happened, { body: 'during' })]);
      expect(result).toMatchObject({
        status: 'refused',
        error: { code: 'bus.broker_away', settle: 'pause' },
      });
      expect(transport.status().state).toBe('away');
    } finally {
      await startServer();
    }

    await publishUntilAccepted(transport, [aMessage(happened, { body: 'after' })]);
    expect(transport.status()).toEqual({ state: 'up' });
    await eventually(
      () => transport.queues(registry).then(([found]) => (found?.waiting ?? 0) >= 2, isAway),
      () => 'the queue is not told again',
    );
    const receiver = await receive(await connect(), subscription);
    const texts = () => receiver.deliveries.map(textOf);
    await eventually(
      () => texts().includes('after') && texts().includes('before'),
      () => `${texts()} were received`,
    );
  },

  'an idle instance reports whether the broker is available': async ({ connect, server }) => {
    const { stopServer, startServer } = server();
    const transport = await connect();
    const state = () => transport.status().state;
    const isFound = (wanted: string) =>
      eventually(
        () => state() === wanted,
        () => `it reports that the broker is ${state()}, and not ${wanted}`,
        30_000,
      );

    await isFound('up');
    await stopServer();
    try {
      await isFound('away');
    } finally {
      await startServer();
    }
    await isFound('up');
  },

  'accepted messages survive a restart, also in retry and as dead letters': async ({
    connect,
    declareEvent,
    server,
  }) => {
    const { restart } = server();
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let settled = 0;
    const deliver = async (delivery: Delivery) => {
      if (textOf(delivery) === 'retry') await delivery.retry(500);
      else await delivery.deadLetter({ code: 'test.broken', message: 'broken' });
      settled += 1;
    };
    await receive(transport, subscription, { deliver });
    await transport.publish([aMessage(happened, { body: 'retry' }), aMessage(happened, { body: 'broken' })]);
    await eventually(
      () => settled >= 2,
      () => `${settled} of 2 were settled`,
    );
    await transport.close();
    await publishUntilAccepted(await connect(), [aMessage(happened, { body: 'waiting' })]);

    await restart();

    const after = await connect();
    const deadLetters: string[] = [];
    await after.consumeDeadLetters(async (deadLetter) => {
      if (deadLetter.subscription === subscription.name) deadLetters.push(textOf(deadLetter));
    });
    const receiver = await receive(after, subscription);
    const received = () => receiver.deliveries.map((one) => `${textOf(one)} ${one.attempt}`);
    await eventually(
      () => deadLetters.length === 1 && received().length >= 2,
      () => `${received()} and the dead letters ${deadLetters}`,
    );
    expect(received().toSorted()).toEqual(['retry 2', 'waiting 1']);
    expect(deadLetters).toEqual(['broken']);
  },

  'a consumer that was idle during an outage reconnects automatically': async ({
    connect,
    declareEvent,
    server,
  }) => {
    const { restart } = server();
    const { happened, subscription } = await declareEvent();
    const receiver = await receive(await connect(), subscription);
    const publisher = await connect();

    await restart();
    await publishUntilAccepted(publisher, messages(happened, 3));

    await receiver.until(3);
  },

  'closing while the broker is down does not hang': async ({ connect, declareEvent, server }) => {
    const { stopServer, startServer } = server();
    const { subscription } = await declareEvent();
    const transport = await connect();
    await receive(transport, subscription);

    await stopServer();
    try {
      const start = Date.now();
      await transport.close();
      expect(Date.now() - start).toBeLessThan(10_000);
    } finally {
      await startServer();
    }
  },
} satisfies Cases;

/** Like the relay: publishes refused messages again with the same id. */
const publishUntilAccepted = async (
  transport: Transport,
  sent: readonly OutgoingMessage[],
): Promise<void> => {
  for (let from = 0; from < sent.length; from += 50) {
    let left = sent.slice(from, from + 50);
    while (left.length > 0) {
      const results = await transport.publish(left);
      left = left.filter((_, index) => results[index]?.status !== 'accepted');
      if (left.length > 0) await aWhile(50);
    }
    await aWhile(5);
  }
};

/** For a moment after the start; any other failure fails the case. */
const isAway = (error: unknown): boolean => {
  if (!(error instanceof Fault) || error.code !== 'bus.broker_away') throw error;
  return false;
};
