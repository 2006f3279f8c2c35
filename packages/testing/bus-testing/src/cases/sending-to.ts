import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import { aWhile } from '../eventually.ts';
import { aMessage, anEvent, anOrderedSubscription, aSubscription, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

export const sendingTo = {
  'a message sent to one subscription reaches no other': async ({ connect, declare }) => {
    const happened = anEvent();
    const [one, other] = [aSubscription(happened), aSubscription(happened)];
    await declare(one, other);
    const transport = await connect();
    const receiver = await receive(transport, one);
    const bystander = await receive(transport, other);

    expect(await transport.sendTo(one, aMessage(happened, { body: 'for one' }))).toEqual({
      status: 'accepted',
    });

    expect((await receiver.until(1)).map(textOf)).toEqual(['for one']);
    await aWhile();
    expect(bystander.deliveries).toEqual([]);
  },

  'a dead letter that is sent back keeps its id and starts at the first attempt': async ({
    connect,
    declare,
  }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    let mended = false;
    const deliver = (delivery: Delivery) => {
      if (mended) return delivery.ack();
      if (delivery.attempt === 1) return delivery.retry(10);
      mended = true;
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
    const foreign = aMessage(anEvent());

    expect(await transport.sendTo(subscription, foreign)).toEqual({ status: 'accepted' });

    expect((await receiver.first()).type).toBe(foreign.type);
  },

  'an ordered subscription is reached too': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    for (const text of ['first', 'second', 'third']) {
      await transport.sendTo(subscription, aMessage(happened, { key: 'one', body: text }));
    }

    expect((await receiver.until(3)).map(textOf)).toEqual(['first', 'second', 'third']);
  },

  'what is sent to a subscription that nobody declared is refused': async ({ connect }) => {
    const happened = anEvent();
    const result = await (await connect()).sendTo(aSubscription(happened), aMessage(happened));
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
  },
} satisfies Cases;
