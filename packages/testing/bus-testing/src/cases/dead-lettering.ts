import type { DeadLetter, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { expect } from 'vitest';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

export const deadLettering = {
  'a dead letter carries the reason, the attempts and the original bytes': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const deliver = (delivery: Delivery) =>
      delivery.attempt < 3
        ? delivery.retry(10)
        : delivery.deadLetter({ code: 'test.broken', message: 'Zoë broke it' });
    await receive(transport, subscription, { deliver });
    const before = Date.now();
    const message = aMessage(happened, { key: 'order-7', body: Uint8Array.of(0, 255, 0xc3, 0x28) });

    await transport.publish([message]);

    const letters = await collectLetters(transport, subscription);
    const letter = await letters.first();
    expect(letter).toMatchObject({
      id: message.id,
      type: message.type,
      key: 'order-7',
      subscription: subscription.name,
      reason: { code: 'test.broken', message: 'Zoë broke it' },
      attempts: 3,
    });
    expect([...letter.body]).toEqual([0, 255, 0xc3, 0x28]);
    expect(letter.failedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/);
    expect(Math.abs(Date.parse(letter.failedAt) - before)).toBeLessThan(30_000);
  },

  'a dead letter is not delivered to its subscription again': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    const receiver = await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 3));

    await receiver.until(3);
    await aWhile(500);
    expect(receiver.deliveries.length).toBe(3);
  },

  'a dead letter stays in the channel until its taker has it': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });
    await transport.publish([aMessage(happened, { body: 'kept' })]);

    const failing = await collectLetters(transport, subscription, async () => {
      throw new Error('planted: the table of dead letters is away');
    });
    await failing.until(2);
    await failing.consumer.stop();

    const letters = await collectLetters(await connect(), subscription);
    await letters.until(1);
    expect(letters.taken.map(textOf)).toEqual(['kept']);
  },

  'a taken dead letter is gone': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });
    await transport.publish(messages(happened, 3));
    const letters = await collectLetters(transport, subscription);
    await letters.until(3);
    await letters.consumer.stop();

    const again = await collectLetters(await connect(), subscription);
    await aWhile(500);
    expect(again.taken).toEqual([]);
  },

  'instances share the dead letters': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const takers = [
      await collectLetters(await connect(), subscription),
      await collectLetters(await connect(), subscription),
    ];
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 40));

    const taken = () => takers.flatMap((taker) => taker.taken).map(textOf);
    await eventually(
      () => taken().length >= 40,
      () => `${taken().length} of 40 dead letters were taken`,
    );
    await aWhile();
    expect(taken().length).toBe(40);
    expect(new Set(taken()).size).toBe(40);
  },

  'a dead letter waits for a taker that comes later': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    let settled = 0;
    const deliver = async (delivery: Delivery) => {
      await delivery.deadLetter({ code: 'test.broken', message: 'm'.repeat(500) });
      settled += 1;
    };
    await receive(transport, subscription, { deliver });
    await transport.publish(messages(happened, 2));
    await eventually(
      () => settled === 2,
      () => `${settled} of 2 were dead-lettered`,
    );
    await transport.close();

    const letters = await collectLetters(await connect(), subscription);

    await letters.until(2);
    expect(letters.taken[0]?.reason.message).toBe('m'.repeat(500));
  },
} satisfies Cases;

/** Takes every dead letter, and remembers those of one subscription: the channel is everyone's. */
const collectLetters = async (
  transport: Transport,
  subscription: Subscription,
  take: (letter: DeadLetter) => Promise<void> = async () => {},
) => {
  const taken: DeadLetter[] = [];
  const consumer = await transport.consumeDeadLetters(async (letter) => {
    if (letter.subscription !== subscription.name) return;
    taken.push(letter);
    await take(letter);
  });
  const until = (count: number) =>
    eventually(
      () => taken.length >= count,
      () => `${taken.length} of ${count} dead letters were taken`,
    );
  const first = async () => {
    await until(1);
    const [letter] = taken;
    if (letter === undefined) throw new Error('unreachable: one dead letter was taken');
    return letter;
  };
  return { consumer, taken, first, until };
};
