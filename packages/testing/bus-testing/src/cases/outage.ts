import type { OutgoingMessage, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, anOrderedSubscription, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

export const outage = {
  'a restart of the broker in mid-stream loses nothing': async ({ connect, declare, server }) => {
    const { restart } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
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

  'a crash of the broker in mid-stream loses nothing that it had accepted': async ({
    connect,
    declare,
    server,
  }) => {
    const { kill, startServer } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    // A quorum queue that is declared within moments of a crash never confirms again (RabbitMQ 3.10.8); an older one does.
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

  'a restart of the broker in mid-stream keeps the order per key': async ({ connect, declare, server }) => {
    const { restart } = server();
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
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

  'publishing is refused while the broker is down, and works again after': async ({
    connect,
    declare,
    server,
  }) => {
    const { stopServer, startServer } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    await transport.publish([aMessage(happened, { body: 'before' })]);
    expect(transport.status()).toEqual({ state: 'up' });

    await stopServer();
    try {
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
    const receiver = await receive(await connect(), subscription);
    const texts = () => receiver.deliveries.map(textOf);
    await eventually(
      () => texts().includes('after') && texts().includes('before'),
      () => `${texts()} came`,
    );
  },

  'an instance that nobody uses knows whether the broker is there': async ({ connect, server }) => {
    const { stopServer, startServer } = server();
    const transport = await connect();
    const state = () => transport.status().state;
    const isFound = (wanted: string) =>
      eventually(
        () => state() === wanted,
        () => `it says that the broker is ${state()}, and not ${wanted}`,
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

  'what was accepted survives a restart, in retry and among the dead letters too': async ({
    connect,
    declare,
    server,
  }) => {
    const { restart } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
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
    const letters: string[] = [];
    await after.consumeDeadLetters(async (letter) => {
      if (letter.subscription === subscription.name) letters.push(textOf(letter));
    });
    const receiver = await receive(after, subscription);
    const came = () => receiver.deliveries.map((one) => `${textOf(one)} ${one.attempt}`);
    await eventually(
      () => letters.length === 1 && came().length >= 2,
      () => `${came()} and the letters ${letters}`,
    );
    expect(came().toSorted()).toEqual(['retry 2', 'waiting 1']);
    expect(letters).toEqual(['broken']);
  },

  'a consumer that was idle during an outage works again by itself': async ({ connect, declare, server }) => {
    const { restart } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const receiver = await receive(await connect(), subscription);
    const publisher = await connect();

    await restart();
    await publishUntilAccepted(publisher, messages(happened, 3));

    await receiver.until(3);
  },

  'closing while the broker is down ends in time': async ({ connect, declare, server }) => {
    const { stopServer, startServer } = server();
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
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

/** As a relay does: what is refused is published again with the same id. */
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
