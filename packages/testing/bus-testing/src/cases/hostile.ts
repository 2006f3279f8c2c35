import { type DeadLetter, maxBodyBytes, truncatedBodyBytes } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { hostileBytes, hostileHeaders } from '@emporium/hostile-inputs';
import { expect } from 'vitest';
import { eventually } from '../eventually.ts';
import { aMessage, anEvent, anOrderedSubscription, aSubscription, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases, Setting } from '../setting.ts';

export const hostile = {
  'bytes of every kind are delivered unchanged, and what follows them too': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const results = await transport.publish(
      hostileBytes.map(({ value }) => aMessage(happened, { body: value })),
    );
    expect(results).toEqual(hostileBytes.map(() => ({ status: 'accepted' })));
    await transport.publish([aMessage(happened, { body: 'what follows' })]);

    const deliveries = await receiver.until(hostileBytes.length + 1);
    const seen = deliveries.map(({ body }) => hexOf(body)).toSorted();
    const sent = [
      ...hostileBytes.map(({ value }) => hexOf(value)),
      hexOf(Buffer.from('what follows')),
    ].toSorted();
    expect(seen).toEqual(sent);
  },

  'headers of every kind change no delivery, and keep none back': async (setting) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await setting.declare(subscription);
    await injectAll(setting, { contract: happened, subscription });
    const receiver = await receive(await setting.connect(), subscription);

    const deliveries = await receiver.until(hostileHeaders.length, 30_000);
    expect(deliveries.map(textOf).toSorted()).toEqual(
      hostileHeaders.map((_, index) => bodyOf(index)).toSorted(),
    );
    for (const delivery of deliveries) {
      const { header } = hostileHeaders[indexOf(delivery)] ?? { header: '' };
      const { attempt } = delivery;
      if (header === 'emporium-attempt') expect(attempt).toBeGreaterThanOrEqual(1);
      else expect([header, attempt]).toEqual([header, 1]);
    }
    expect(receiver.consumer.status()).toEqual({ state: 'working' });
  },

  'headers of every kind hold up no partition of an ordered subscription': async (setting) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await setting.declare(subscription);
    await injectAll(setting, { contract: happened, subscription });
    const receiver = await receive(await setting.connect(), subscription);

    await receiver.until(hostileHeaders.length, 30_000);
    expect(receiver.consumer.status()).toEqual({ state: 'working' });
  },

  'a message with headers of every kind can be retried and set aside, and its dead letter is taken': async (
    setting,
  ) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await setting.declare(subscription);
    await injectAll(setting, { contract: happened, subscription });
    const transport = await setting.connect();
    const retried = new Set<string>();
    const deliver = (delivery: Delivery) => {
      const body = textOf(delivery);
      if (retried.has(body)) return delivery.deadLetter({ code: 'test.broken', message: 'A\u0000B\uD83D' });
      retried.add(body);
      return delivery.retry(10);
    };
    await receive(transport, subscription, { deliver });

    const letters = await lettersOf(setting, subscription.name, hostileHeaders.length);
    expect(letters.map(textOf).toSorted()).toEqual(
      hostileHeaders.map((_, index) => bodyOf(index)).toSorted(),
    );
    for (const { reason, attempts, failedAt } of letters) {
      expect(reason.code).toBe('test.broken');
      expect(reason.message).not.toContain('\u0000');
      expect(Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_001).toBe(true);
      expect(failedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    }
  },

  'a body over the limit is set aside once with its size, and what follows is delivered': async (setting) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await setting.declare(subscription);
    const body = Buffer.alloc(maxBodyBytes + 1, 'x');
    await setting.inject({ subscription, contract: happened, headers: [], body });
    const transport = await setting.connect();
    const handled: string[] = [];
    // As the pipeline does: what is larger than a contract's message is set aside.
    const deliver = async (delivery: Delivery) => {
      if (delivery.body.byteLength > truncatedBodyBytes) {
        return delivery.deadLetter({ code: 'bus.message_too_big', message: 'The message is too big' });
      }
      handled.push(textOf(delivery));
      await delivery.ack();
    };
    await receive(transport, subscription, { deliver });
    await transport.publish([aMessage(happened, { body: 'what follows' })]);

    await eventually(
      () => handled.includes('what follows'),
      () => `${handled.length} messages were handled`,
      30_000,
    );
    const [letter, ...others] = await lettersOf(setting, subscription.name, 1);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      reason: { code: 'bus.message_too_big' },
      truncatedFrom: maxBodyBytes + 1,
    });
    expect(letter?.body.byteLength).toBe(truncatedBodyBytes);
  },
} satisfies Cases;

const hexOf = (body: Uint8Array): string => Buffer.from(body).toString('hex');

const bodyOf = (index: number): string => `{"n":${index}}`;

const indexOf = (delivery: Delivery): number => Number(/\d+/.exec(textOf(delivery))?.[0]);

/** One message for each hostile header; each tells by its body which. */
const injectAll = async (
  { inject }: Setting,
  target: Pick<Parameters<Setting['inject']>[0], 'contract' | 'subscription'>,
): Promise<void> => {
  for (const [index, header] of hostileHeaders.entries()) {
    await inject({ ...target, headers: [header], body: Buffer.from(bodyOf(index)) });
  }
};

/** The dead letters of this subscription, when there are so many, and a moment later. */
const lettersOf = async (setting: Setting, subscription: string, count: number): Promise<DeadLetter[]> => {
  const letters: DeadLetter[] = [];
  const transport = await setting.connect();
  await transport.consumeDeadLetters(async (letter) => {
    if (letter.subscription === subscription) letters.push(letter);
  });
  await eventually(
    () => letters.length >= count,
    () => `${letters.length} of ${count} dead letters came`,
    30_000,
  );
  return letters;
};
