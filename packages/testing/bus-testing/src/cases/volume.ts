import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { eventually } from '../eventually.ts';
import { messages } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const volume = {
  'of 10,000 messages each has its effect exactly once after the inbox': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const effects = new Map<string, number>();
    const inbox = new Set<string>();
    let delivered = 0;
    const deliver = async (delivery: Delivery) => {
      delivered += 1;
      if (delivered % 97 === 0) throw new Error('planted before the effect');
      if (!inbox.has(delivery.id)) {
        inbox.add(delivery.id);
        effects.set(delivery.id, (effects.get(delivery.id) ?? 0) + 1);
      }
      if (delivered % 101 === 0) throw new Error('planted between the effect and the ack');
      await delivery.ack();
    };
    const receivers = [
      await receive(await connect(), subscription, { deliver, concurrency: 100 }),
      await receive(await connect(), subscription, { deliver, concurrency: 100 }),
    ];
    const publisher = await connect();
    const sent = messages(happened, 10_000);

    for (let from = 0; from < sent.length; from += 500) {
      const batch = sent.slice(from, from + 500);
      const results = await publisher.publish(batch);
      expect(results.every(({ status }) => status === 'accepted')).toBe(true);
      // A publisher that got no confirm publishes again.
      await publisher.publish(batch.slice(0, 5));
    }

    await eventually(
      () => effects.size === 10_000,
      () => `${effects.size} of 10000 effects`,
      40_000,
    );
    expect([...effects.values()].every((count) => count === 1)).toBe(true);
    expect(receivers.every(({ deliveries }) => deliveries.length > 0)).toBe(true);
  },
} satisfies Cases;
