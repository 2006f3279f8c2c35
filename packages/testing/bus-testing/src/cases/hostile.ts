import { type DeadLetter, maxBodyBytes, truncatedBodyBytes } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { hostileBytes, hostileHeaders } from '@emporium/hostile-inputs';
import { expect } from 'vitest';
import type { CaseContext, Cases } from '../case-context.ts';
import { eventually } from '../eventually.ts';
import { aMessage, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const hostile = {
  'hostile bodies are delivered unchanged, and the messages after them too': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const results = await transport.publish(
      hostileBytes.map(({ value }) => aMessage(happened, { body: value })),
    );
    expect(results).toEqual(hostileBytes.map(() => ({ status: 'accepted' })));
    await transport.publish([aMessage(happened, { body: 'next' })]);

    const deliveries = await receiver.until(hostileBytes.length + 1);
    const seen = deliveries.map(({ body }) => hexOf(body)).toSorted();
    const sent = [...hostileBytes.map(({ value }) => hexOf(value)), hexOf(Buffer.from('next'))].toSorted();
    expect(seen).toEqual(sent);
  },

  'hostile headers neither change nor block a delivery': async (context) => {
    const { happened, subscription } = await context.declareEvent();
    await injectAll(context, { contract: happened, subscription });
    const receiver = await receive(await context.connect(), subscription);

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

  'hostile headers do not block a partition of an ordered subscription': async (context) => {
    const { happened, subscription } = await context.declareOrderedEvent();
    await injectAll(context, { contract: happened, subscription });
    const receiver = await receive(await context.connect(), subscription);

    await receiver.until(hostileHeaders.length, 30_000);
    expect(receiver.consumer.status()).toEqual({ state: 'working' });
  },

  'a message with hostile headers can be retried and dead-lettered, and its dead letter is delivered': async (
    context,
  ) => {
    const { happened, subscription } = await context.declareEvent();
    await injectAll(context, { contract: happened, subscription });
    const transport = await context.connect();
    const retried = new Set<string>();
    const deliver = (delivery: Delivery) => {
      const body = textOf(delivery);
      if (retried.has(body)) return delivery.deadLetter({ code: 'test.broken', message: 'A\u0000B\uD83D' });
      retried.add(body);
      return delivery.retry(10);
    };
    await receive(transport, subscription, { deliver });

    const deadLetters = await deadLettersOf(context, subscription.name, hostileHeaders.length);
    expect(deadLetters.map(textOf).toSorted()).toEqual(
      hostileHeaders.map((_, index) => bodyOf(index)).toSorted(),
    );
    for (const { reason, attempts, failedAt } of deadLetters) {
      expect(reason.code).toBe('test.broken');
      expect(reason.message).not.toContain('\u0000');
      expect(Number.isInteger(attempts) && attempts >= 1 && attempts <= 1_001).toBe(true);
      expect(failedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    }
  },

  'a body over the limit is dead-lettered once with its size, and the next message is delivered': async (
    context,
  ) => {
    const { happened, subscription } = await context.declareEvent();
    const body = Buffer.alloc(maxBodyBytes + 1, 'x');
    await context.inject({ subscription, contract: happened, headers: [], body });
    const transport = await context.connect();
    const handled: string[] = [];
    // Like the pipeline, which dead-letters bodies that are larger than a contract's message.
    const deliver = async (delivery: Delivery) => {
      if (delivery.body.byteLength > truncatedBodyBytes) {
        return delivery.deadLetter({ code: 'bus.message_too_big', message: 'The message is too big' });
      }
      handled.push(textOf(delivery));
      await delivery.ack();
    };
    await receive(transport, subscription, { deliver });
    await transport.publish([aMessage(happened, { body: 'next' })]);

    await eventually(
      () => handled.includes('next'),
      () => `${handled.length} messages were handled`,
      30_000,
    );
    const [deadLetter, ...others] = await deadLettersOf(context, subscription.name, 1);
    expect(others).toEqual([]);
    expect(deadLetter).toMatchObject({
      reason: { code: 'bus.message_too_big' },
      truncatedFrom: maxBodyBytes + 1,
    });
    expect(deadLetter?.body.byteLength).toBe(truncatedBodyBytes);
  },
} satisfies Cases;

const hexOf = (body: Uint8Array): string => Buffer.from(body).toString('hex');

const bodyOf = (index: number): string => `{"n":${index}}`;

const indexOf = (delivery: Delivery): number => Number(/\d+/.exec(textOf(delivery))?.[0]);

/** One message for each hostile header, with the header's index in its body. */
const injectAll = async (
  { inject }: CaseContext,
  target: Pick<Parameters<CaseContext['inject']>[0], 'contract' | 'subscription'>,
): Promise<void> => {
  for (const [index, header] of hostileHeaders.entries()) {
    await inject({ ...target, headers: [header], body: Buffer.from(bodyOf(index)) });
  }
};

/** The dead letters of this subscription, when `count` of them have arrived. */
const deadLettersOf = async (
  context: CaseContext,
  subscription: string,
  count: number,
): Promise<DeadLetter[]> => {
  const deadLetters: DeadLetter[] = [];
  const transport = await context.connect();
  await transport.consumeDeadLetters(async (deadLetter) => {
    if (deadLetter.subscription === subscription) deadLetters.push(deadLetter);
  });
  await eventually(
    () => deadLetters.length >= count,
    () => `${deadLetters.length} of ${count} dead letters were received`,
    30_000,
  );
  return deadLetters;
};
