import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile } from '../eventually.ts';
import { aMessage, anEvent, aSubscription, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const sendingTo = {
  'a message sent to one subscription reaches no other': async ({ connect, declare }) => {
    const happened = anEvent();
    const [one, other] = [aSubscription(happened), aSubscription(happened)];
    await declare(one, other);
    const transport = await connect();
    const receiver = await receive(transport, one);
    const uninvolved = await receive(transport, other);

    expect(await transport.sendTo(one, aMessage(happened, { body: 'for one' }))).toEqual({
      status: 'accepted',
    });

    expect((await receiver.until(1)).map(textOf)).toEqual(['for one']);
    await aWhile();
    expect(uninvolved.deliveries).toEqual([]);
  },

  'a replayed dead letter keeps its id and starts at the first attempt': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let repaired = false;
    const deliver = (delivery: Delivery) => {
      if (repaired) return delivery.ack();
      if (delivery.attempt === 1) return delivery.retry(10);
      repaired = true;
      return delivery.deadLetter({ code: 'test.broken', message: 'broken' });
    };
    const receiver = await receive(transport, subscription, { deliver });
    const message = aMessage(happened);
    await transport.publish([message]);
    await receiver.until(2);

    await transport.sendTo(subscription, message);

    const deliveries = await receiver.until(3);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
    expect(deliveries[2]?.id).toBe(message.id);
  },

  'a type that the subscription does not listen to reaches it too': async ({ connect, declare }) => {
    const subscription = aSubscription(anEvent());
    await declare(subscription);
    const transport = await connect();
    const receiver = await receive(transport, subscription);
    const other = aMessage(anEvent());

    expect(await transport.sendTo(subscription, other)).toEqual({ status: 'accepted' });

    expect((await receiver.first()).type).toBe(other.type);
  },

  'an ordered subscription is reached too': async ({ connect, declareOrderedEvent }) => {
    const { happened, subscription } = await declareOrderedEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    for (const text of ['first', 'second', 'third']) {
      await transport.sendTo(subscription, aMessage(happened, { key: 'one', body: text }));
    }

    expect((await receiver.until(3)).map(textOf)).toEqual(['first', 'second', 'third']);
  },

  'messages that are sent at one time have a result each, and those of a key keep their order': async ({
    connect,
    declare,
    declareOrderedEvent,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
    const [other, undeclared] = [aSubscription(happened), aSubscription(happened)];
    await declare(other);
    const transport = await connect();
    const receivers = [await receive(transport, subscription), await receive(transport, other)] as const;
    const texts = Array.from({ length: 300 }, (_, index) => String(index));

    const results = await Promise.all(
      texts.flatMap((body) => [
        transport.sendTo(subscription, aMessage(happened, { key: 'one', body })),
        transport.sendTo(other, aMessage(happened, { key: body, body })),
        transport.sendTo(undeclared, aMessage(happened, { body })),
      ]),
    );

    for (const [index, result] of results.entries())
      expect(result).toMatchObject(
        index % 3 === 2 ? { error: { code: 'bus.unroutable' } } : { status: 'accepted' },
      );
    expect((await receivers[0].until(300)).map(textOf)).toEqual(texts);
    expect(new Set((await receivers[1].until(300)).map(textOf))).toEqual(new Set(texts));
  },

  'a message to an undeclared subscription is refused': async ({ connect }) => {
    const happened = anEvent();
    const result = await (await connect()).sendTo(aSubscription(happened), aMessage(happened));
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
  },
} satisfies Cases;
