import type { DeadLetter, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const deadLettering = {
  'a dead letter carries the reason, the attempts and the original bytes': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = (delivery: Delivery) =>
      delivery.attempt < 3
        ? delivery.retry(10)
        : delivery.deadLetter({ code: 'test.broken', message: 'Zoë broke it' });
    await receive(transport, subscription, { deliver });
    const before = Date.now();
    const message = aMessage(happened, { key: 'order-7', body: Uint8Array.of(0, 255, 0xc3, 0x28) });

    await transport.publish([message]);

    const deadLetters = await collectDeadLetters(transport, subscription);
    const deadLetter = await deadLetters.first();
    expect(deadLetter).toMatchObject({
      id: message.id,
      type: message.type,
      key: 'order-7',
      subscription: subscription.name,
      reason: { code: 'test.broken', message: 'Zoë broke it' },
      attempts: 3,
    });
    expect([...deadLetter.body]).toEqual([0, 255, 0xc3, 0x28]);
    expect(deadLetter.failedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/);
    expect(Math.abs(Date.parse(deadLetter.failedAt) - before)).toBeLessThan(30_000);
  },

  'a dead letter is not delivered to its subscription again': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    const receiver = await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 3));

    await receiver.until(3);
    await aWhile(500);
    expect(receiver.deliveries.length).toBe(3);
  },

  'a dead letter is delivered again until its consumer has handled it': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });
    await transport.publish([aMessage(happened, { body: 'kept' })]);

    const failing = await collectDeadLetters(transport, subscription, async () => {
      throw new Error('planted: the table of dead letters is away');
    });
    await failing.until(2);
    await failing.consumer.stop();

    const deadLetters = await collectDeadLetters(await connect(), subscription);
    await deadLetters.until(1);
    expect(deadLetters.received.map(textOf)).toEqual(['kept']);
  },

  'a handled dead letter is removed': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });
    await transport.publish(messages(happened, 3));
    const deadLetters = await collectDeadLetters(transport, subscription);
    await deadLetters.until(3);
    await deadLetters.consumer.stop();

    const again = await collectDeadLetters(await connect(), subscription);
    await aWhile(500);
    expect(again.received).toEqual([]);
  },

  'instances share the dead letters': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const consumers = [
      await collectDeadLetters(await connect(), subscription),
      await collectDeadLetters(await connect(), subscription),
    ];
    const transport = await connect();
    const deliver = (delivery: Delivery) => delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 40));

    const received = () => consumers.flatMap((each) => each.received).map(textOf);
    await eventually(
      () => received().length >= 40,
      () => `${received().length} of 40 dead letters were received`,
    );
    await aWhile();
    expect(received().length).toBe(40);
    expect(new Set(received()).size).toBe(40);
  },

  'a dead letter waits for a consumer that starts later': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
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

    const deadLetters = await collectDeadLetters(await connect(), subscription);

    await deadLetters.until(2);
    expect(deadLetters.received[0]?.reason.message).toBe('m'.repeat(500));
  },
} satisfies Cases;

/** Consumes all dead letters, and records those of one subscription. */
const collectDeadLetters = async (
  transport: Transport,
  subscription: Subscription,
  handle: (deadLetter: DeadLetter) => Promise<void> = async () => {},
) => {
  const received: DeadLetter[] = [];
  const consumer = await transport.consumeDeadLetters(async (deadLetter) => {
    if (deadLetter.subscription !== subscription.name) return;
    received.push(deadLetter);
    await handle(deadLetter);
  });
  const until = (count: number) =>
    eventually(
      () => received.length >= count,
      () => `${received.length} of ${count} dead letters were received`,
    );
  const first = async () => {
    await until(1);
    const [deadLetter] = received;
    if (deadLetter === undefined) throw new Error('unreachable: one dead letter was received');
    return deadLetter;
  };
  return { consumer, received, first, until };
};
