import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile } from '../eventually.ts';
import { messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const crashing = {
  'unacked messages of a killed process are delivered again, as the same attempt': async (context) => {
    const { happened, subscription } = await context.declareEvent();
    const child = await context.spawnConsumer(subscription, { concurrency: 5, workMs: 0, settle: 'never' });
    await (await context.connect()).publish(messages(happened, 20));
    await child.until('begun', 5);

    await child.kill();
    const receiver = await receive(await context.connect(), subscription);

    const deliveries = await receiver.until(20);
    expect(new Set(deliveries.map(textOf)).size).toBe(20);
    expect(deliveries.map(({ attempt }) => attempt).every((attempt) => attempt === 1)).toBe(true);
  },

  'a running instance takes over from one that is killed': async (context) => {
    const { happened, subscription } = await context.declareEvent();
    const transport = await context.connect();
    const child = await context.spawnConsumer(subscription, { concurrency: 10, workMs: 0, settle: 'never' });
    const survivor = await receive(transport, subscription, { concurrency: 10 });
    let isTaking = false;
    const taking = child.until('begun', 1).then(() => {
      isTaking = true;
    });
    const all = messages(happened, 1_000);
    let published = 0;
    // Until the other process has received a message: one consumer may take all there are.
    while (!isTaking && published < all.length) {
      await transport.publish(all.slice(published, published + 100));
      published += 100;
      await aWhile();
    }
    await taking;
    // Nothing is left but the messages in progress in the other process.
    await survivor.until(published - 10);
    await aWhile();

    await child.kill();

    await survivor.until(published);
    expect(new Set(survivor.deliveries.map(textOf)).size).toBe(published);
  },
} satisfies Cases;
