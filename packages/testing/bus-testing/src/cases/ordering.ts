import { partitionOf } from '@emporium/bus';
import { type Delivery, partitionCount } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Step } from '../consumer-process.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, anOrderedSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

export const ordering = {
  'messages of one key are delivered one at a time, in the order of publishing': async ({
    connect,
    declare,
  }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const handled: string[] = [];
    let unsettled = 0;
    let most = 0;
    const deliver = async (delivery: Delivery) => {
      unsettled += 1;
      most = Math.max(most, unsettled);
      await aWhile(1);
      handled.push(textOf(delivery));
      unsettled -= 1;
      await delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 20 });

    await transport.publish(messages(happened, 100, 'one key').slice(0, 60));
    await transport.publish(messages(happened, 100, 'one key').slice(60));

    await receiver.until(100);
    await eventually(
      () => handled.length === 100,
      () => `${handled.length} of 100 were handled`,
    );
    expect(handled).toEqual(Array.from({ length: 100 }, (_, number) => String(number)));
    expect(most).toBe(1);
  },

  'several partitions of an ordered subscription are worked on at one time': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    let unsettled = 0;
    let most = 0;
    const deliver = async (delivery: Delivery) => {
      unsettled += 1;
      most = Math.max(most, unsettled);
      await aWhile(100);
      unsettled -= 1;
      await delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 20 });

    await transport.publish(keysOfEveryPartition().map((key) => aMessage(happened, { key })));

    await receiver.until(partitionCount);
    expect(most).toBeGreaterThan(1);
  },

  'a message in retry holds back what follows in its partition, and no other partition': async ({
    connect,
    declare,
  }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const [failing = '', other = ''] = keysOfEveryPartition();
    const handled: string[] = [];
    const deliver = async (delivery: Delivery) => {
      if (textOf(delivery) === 'failing 0' && delivery.attempt < 3) return delivery.retry(200);
      handled.push(textOf(delivery));
      return delivery.ack();
    };
    await receive(transport, subscription, { deliver });

    await transport.publish(
      [0, 1, 2, 3].flatMap((number) => [
        aMessage(happened, { key: failing, body: `failing ${number}` }),
        aMessage(happened, { key: other, body: `other ${number}` }),
      ]),
    );

    await eventually(
      () => handled.length === 8,
      () => `handled: ${handled.join(', ')}`,
    );
    const of = (name: string) => handled.filter((text) => text.startsWith(name));
    expect(of('failing')).toEqual(['failing 0', 'failing 1', 'failing 2', 'failing 3']);
    expect(of('other')).toEqual(['other 0', 'other 1', 'other 2', 'other 3']);
    expect(handled.indexOf('other 3')).toBeLessThan(handled.indexOf('failing 0'));
  },

  'a handler that throws holds its partition as well': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const handled: string[] = [];
    const deliver = async (delivery: Delivery) => {
      if (textOf(delivery) === '1' && delivery.attempt === 1) throw new Error('planted');
      handled.push(textOf(delivery));
      await delivery.ack();
    };
    await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 5, 'one key'));

    await eventually(
      () => handled.length === 5,
      () => `handled: ${handled.join(', ')}`,
    );
    expect(handled).toEqual(['0', '1', '2', '3', '4']);
  },

  'a dead letter sets its partition free': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const handled: string[] = [];
    const deliver = async (delivery: Delivery) => {
      if (textOf(delivery) === '0') return delivery.deadLetter({ code: 'test.broken', message: 'broken' });
      handled.push(textOf(delivery));
      return delivery.ack();
    };
    await receive(transport, subscription, { deliver });

    await transport.publish(messages(happened, 4, 'one key'));

    await eventually(
      () => handled.length === 3,
      () => `handled: ${handled.join(', ')}`,
    );
    expect(handled).toEqual(['1', '2', '3']);
  },

  'order per key holds with two consumer processes and first messages that fail': async (setting) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await setting.declare(subscription);
    const keys = keysOfEveryPartition();
    const settle = { retryFirst: keys.map((key) => `${key} 0`), delayMs: 150 };
    const children = await Promise.all([
      setting.spawnConsumer(subscription, { concurrency: 4, workMs: 2, settle }),
      setting.spawnConsumer(subscription, { concurrency: 4, workMs: 2, settle }),
    ]);

    const publisher = await setting.connect();
    for (let number = 0; number < 20; number += 1) {
      await publisher.publish(keys.map((key) => aMessage(happened, { key, body: `${key} ${number}` })));
    }

    const steps = () => children.flatMap((child) => child.steps);
    const acked = () => steps().filter(({ step }) => step === 'acked').length;
    await eventually(
      () => acked() === keys.length * 20,
      () => `${acked()} of ${keys.length * 20} were acked`,
    );
    for (const key of keys) {
      const expected = Array.from({ length: 20 }, (_, number) => [
        `begun ${key} ${number}`,
        `acked ${key} ${number}`,
      ]);
      expect(storyOf(steps(), key)).toEqual([`begun ${key} 0`, `retried ${key} 0`, ...expected.flat()]);
    }
  },

  'the partitions of a killed process go on elsewhere, in order': async (setting) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await setting.declare(subscription);
    const behaviour = { concurrency: 8, workMs: 5, settle: 'ack' } as const;
    const first = await setting.spawnConsumer(subscription, behaviour);
    const keys = keysOfEveryPartition().slice(0, 3);
    const publisher = await setting.connect();
    await publisher.publish(
      Array.from({ length: 50 }, (_, number) =>
        keys.map((key) => aMessage(happened, { key, body: `${key} ${number}` })),
      ).flat(),
    );
    await first.until('begun', 20);

    const second = await setting.spawnConsumer(subscription, behaviour);
    await first.kill();

    const all = () => [...first.steps, ...second.steps].filter(({ step }) => step === 'acked');
    const texts = () => new Set(all().map(({ text }) => text)).size;
    await eventually(
      () => texts() === 150,
      () => `${texts()} of 150 were acked`,
    );
    for (const key of keys) {
      // What the killed process had acked, or was about to, may come once more, in order; nothing is skipped or overtaken.
      const [before, after] = [first, second].map(({ steps }) =>
        steps.filter((step) => step.key === key && step.step === 'begun').map(({ text }) => text),
      );
      const whole = Array.from({ length: 50 }, (_, number) => `${key} ${number}`);
      expect(before).toEqual(whole.slice(0, before?.length));
      expect(after).toEqual(whole.slice(50 - (after?.length ?? 0)));
    }
  },
} satisfies Cases;

const storyOf = (steps: readonly Step[], key: string): string[] =>
  steps
    .filter((step) => step.key === key)
    .toSorted((one, other) => one.at - other.at)
    .map(({ step, text }) => `${step} ${text}`);

/** One key for each partition. */
const keysOfEveryPartition = (): string[] => {
  const keys = new Map<number, string>();
  for (let number = 0; keys.size < partitionCount; number += 1) {
    const partition = partitionOf(`key-${number}`);
    if (!keys.has(partition)) keys.set(partition, `key-${number}`);
  }
  return [...keys.values()];
};
