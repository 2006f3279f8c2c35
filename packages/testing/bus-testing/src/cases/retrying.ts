import { type Delivery, delayTiers } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

/** How much a busy machine may add to a delay, in milliseconds. */
const slackMs = 1_000;

export const retrying = {
  'a message whose handler throws is delivered again': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = async (delivery: Delivery) => {
      if (delivery.attempt === 1) throw new Error('planted');
      await delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver });
    const message = aMessage(happened, { body: 'once more' });

    await transport.publish([message]);

    const deliveries = await receiver.until(2);
    expect(deliveries.map(({ id }) => id)).toEqual([message.id, message.id]);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(deliveries.map(textOf)).toEqual(['once more', 'once more']);
  },

  'each retry counts as an attempt, and keeps id, type, key and body': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = (delivery: Delivery) => (delivery.attempt < 4 ? delivery.retry(10) : delivery.ack());
    const receiver = await receive(transport, subscription, { deliver });
    const message = aMessage(happened, { key: 'Zoë', body: Uint8Array.of(0, 255, 1) });

    await transport.publish([message]);

    const deliveries = await receiver.until(4);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    for (const { id, type, key, body } of deliveries) {
      expect({ id, type, key }).toEqual({ id: message.id, type: message.type, key: 'Zoë' });
      expect([...body]).toEqual([0, 255, 1]);
    }
    await aWhile();
    expect(deliveries.length).toBe(4);
  },

  'a retry is delivered after its delay, and at most one delay tier later': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const asked = new Map<string, number>();
    const waited = new Map<number, number>();
    const deliver = async (delivery: Delivery) => {
      const delayMs = Number(textOf(delivery));
      if (delivery.attempt === 1) {
        asked.set(delivery.id, performance.now());
        return delivery.retry(delayMs);
      }
      waited.set(delayMs, performance.now() - (asked.get(delivery.id) ?? Number.NaN));
      return delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver });
    const delays = [2_000, 900, 500, 120, 0];

    await transport.publish(delays.map((delayMs) => aMessage(happened, { body: String(delayMs) })));

    await receiver.until(delays.length * 2);
    for (const delayMs of delays) {
      const tier = delayTiers.find((one) => one >= delayMs) ?? Number.NaN;
      // A timer may fire a fraction of a millisecond early.
      expect(waited.get(delayMs), `asked for ${delayMs} ms`).toBeGreaterThanOrEqual(delayMs - 2);
      expect(waited.get(delayMs), `asked for ${delayMs} ms`).toBeLessThan(tier + slackMs);
    }
  },

  'a retry reaches its own subscription only': async ({ connect, declare }) => {
    const happened = anEvent();
    const [failing, other] = [aSubscription(happened), aSubscription(happened)];
    await declare(failing, other);
    const transport = await connect();
    const deliver = (delivery: Delivery) => (delivery.attempt === 1 ? delivery.retry(50) : delivery.ack());
    const receiver = await receive(transport, failing, { deliver });
    const uninvolved = await receive(transport, other);

    await transport.publish([aMessage(happened)]);

    await receiver.until(2);
    await aWhile();
    expect(uninvolved.deliveries.length).toBe(1);
  },

  'one poison message does not block an unordered subscription': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const deliver = async (delivery: Delivery) => {
      if (textOf(delivery) === '0') throw new Error('poison');
      await delivery.ack();
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 1 });

    await transport.publish(messages(happened, 50, 'the same key'));

    const handled = () => new Set(receiver.deliveries.map(textOf).filter((text) => text !== '0')).size;
    await eventually(
      () => handled() === 49,
      () => `${handled()} of 49 were handled`,
    );
  },

  'a retry is not lost when its instance has stopped': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const first = await connect();
    const retrier = await receive(first, subscription, { deliver: (delivery) => delivery.retry(400) });
    await (await connect()).publish([aMessage(happened)]);
    await retrier.until(1);
    await first.close();

    const receiver = await receive(await connect(), subscription);

    const delivery = await receiver.first();
    expect(delivery.attempt).toBe(2);
  },
} satisfies Cases;
