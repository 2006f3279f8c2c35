import { expect } from 'vitest';
import { aWhile } from '../eventually.ts';
import { anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

export const crashing = {
  'what a process had not acked when it was killed is delivered again, as the same attempt': async (
    setting,
  ) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await setting.declare(subscription);
    const child = await setting.spawnConsumer(subscription, { concurrency: 5, workMs: 0, settle: 'never' });
    await (await setting.connect()).publish(messages(happened, 20));
    await child.until('begun', 5);

    await child.kill();
    const receiver = await receive(await setting.connect(), subscription);

    const deliveries = await receiver.until(20);
    expect(new Set(deliveries.map(textOf)).size).toBe(20);
    expect(deliveries.map(({ attempt }) => attempt).every((attempt) => attempt === 1)).toBe(true);
  },

  'an instance that was there before takes over from one that is killed': async (setting) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await setting.declare(subscription);
    const transport = await setting.connect();
    const child = await setting.spawnConsumer(subscription, { concurrency: 10, workMs: 0, settle: 'never' });
    const survivor = await receive(transport, subscription, { concurrency: 10 });
    let isTaking = false;
    const taking = child.until('begun', 1).then(() => {
      isTaking = true;
    });
    const all = messages(happened, 1_000);
    let published = 0;
    // Until the other has got some: the one that is nearer may take all that there is.
    while (!isTaking && published < all.length) {
      await transport.publish(all.slice(published, published + 100));
      published += 100;
      await aWhile();
    }
    await taking;
    // Idle, with nothing left but what the other holds.
    await survivor.until(published - 10);
    await aWhile();

    await child.kill();

    await survivor.until(published);
    expect(new Set(survivor.deliveries.map(textOf)).size).toBe(published);
  },
} satisfies Cases;
