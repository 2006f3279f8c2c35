import { partitionOf } from '@emporium/bus';
import { type Delivery, partitionCount } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import type { DeliveryEvent } from '../consumer-process.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const ordering = {
  'messages of one key are delivered one at a time, in the order of publishing': async ({
    connect,
    declareOrderedEvent,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
    const transport = await connect();
    const handled: string[] = [];
    let unsettled = 0;
    let max = 0;
    const deliver = async (delivery: Delivery) => {
      unsettled += 1;
      max = Math.max(max, unsettled);
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
    expect(max).toBe(1);
  },

  'several partitions of an ordered subscription are processed at one time': async ({
    connect,
    declareOrderedEvent,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
    const transport = await connect();
    let unsettled = 0;
    let max = 0;
    const deliver = async (delivery: Delivery) => {
      unsettled += 1;
      max = Math.max(max, unsettled);
      await aWhile(100);
      unsettled -= 1;
      await delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 20 });

    await transport.publish(keysOfEveryPartition().map((key) => aMessage(happened, { key })));

    await receiver.until(partitionCount);
    expect(max).toBeGreaterThan(1);
  },

  'a message in retry blocks the following messages of its partition, and no other partition': async ({
    connect,
    declareOrderedEvent,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
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

  'a handler that throws blocks its partition as well': async ({ connect, declareOrderedEvent }) => {
    const { happened, subscription } = await declareOrderedEvent();
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

  'a dead letter does not block its partition': async ({ connect, declareOrderedEvent }) => {
    const { happened, subscription } = await declareOrderedEvent();
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

  'the order per key is kept with two consumer processes and failing first messages': async (context) => {
    const { happened, subscription } = await context.declareOrderedEvent();
    const keys = keysOfEveryPartition();
    const settle = { retryFirst: keys.map((key) => `${key} 0`), delayMs: 150 };
    const children = await Promise.all([
      context.spawnConsumer(subscription, { concurrency: 4, workMs: 2, settle }),
      context.spawnConsumer(subscription, { concurrency: 4, workMs: 2, settle }),
    ]);

    const publisher = await context.connect();
    for (let number = 0; number < 20; number += 1) {
      await publisher.publish(keys.map((key) => aMessage(happened, { key, body: `${key} ${number}` })));
    }

    const events = () => children.flatMap((child) => child.events);
    const acked = () => events().filter(({ event }) => event === 'acked').length;
    await eventually(
      () => acked() === keys.length * 20,
      () => `${acked()} of ${keys.length * 20} were acked`,
    );
    for (const key of keys) {
      const expected = Array.from({ length: 20 }, (_, number) => [
        `begun ${key} ${number}`,
        `acked ${key} ${number}`,
      ]);
      expect(historyOf(events(), key)).toEqual([`begun ${key} 0`, `retried ${key} 0`, ...expected.flat()]);
    }
  },

  'another process takes over the partitions of a killed process, in order': async (context) => {
    const { happened, subscription } = await context.declareOrderedEvent();
    const behaviour = { concurrency: 8, workMs: 5, settle: 'ack' } as const;
    const first = await context.spawnConsumer(subscription, behaviour);
    const keys = keysOfEveryPartition().slice(0, 3);
    const publisher = await context.connect();
    await publisher.publish(
      Array.from({ length: 50 }, (_, number) =>
        keys.map((key) => aMessage(happened, { key, body: `${key} ${number}` })),
      ).flat(),
    );
    await first.until('begun', 20);

    const second = await context.spawnConsumer(subscription, behaviour);
    await first.kill();

    const all = () => [...first.events, ...second.events].filter(({ event }) => event === 'acked');
    const texts = () => new Set(all().map(({ text }) => text)).size;
    await eventually(
      () => texts() === 150,
      () => `${texts()} of 150 were acked`,
    );
    for (const key of keys) {
      // Messages that the killed process had handled may be delivered once more, in order; none is skipped or overtaken.
      const [before, after] = [first, second].map(({ events }) =>
        events.filter((each) => each.key === key && each.event === 'begun').map(({ text }) => text),
      );
      const whole = Array.from({ length: 50 }, (_, number) => `${key} ${number}`);
      expect(before).toEqual(whole.slice(0, before?.length));
      expect(after).toEqual(whole.slice(50 - (after?.length ?? 0)));
    }
  },
} satisfies Cases;

const historyOf = (events: readonly DeliveryEvent[], key: string): string[] =>
  events
    .filter((each) => each.key === key)
    .toSorted((one, other) => one.at - other.at)
    .map(({ event, text }) => `${event} ${text}`);

/** One key for each partition. */
const keysOfEveryPartition = (): string[] => {
  const keys = new Map<number, string>();
  for (let number = 0; keys.size < partitionCount; number += 1) {
    const partition = partitionOf(`key-${number}`);
    if (!keys.has(partition)) keys.set(partition, `key-${number}`);
  }
  return [...keys.values()];
};
