import { maxBodyBytes } from '@emporium/bus';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aCommand, aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const publishing = {
  'a published message is delivered with its id, type, key and body': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const message = aMessage(happened, { key: 'order-7', body: '{"id":"order-7"}' });

    const receiver = await receive(transport, subscription);
    expect(await transport.publish([message])).toEqual([{ status: 'accepted' }]);

    const delivery = await receiver.first();
    const { id, type, key } = message;
    expect(delivery).toMatchObject({ id, type, key, attempt: 1 });
    expect(textOf(delivery)).toBe('{"id":"order-7"}');
  },

  'publish returns a result for every message, in order': async ({ connect, declare }) => {
    const happened = anEvent();
    const act = aCommand();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const results = await transport.publish([
      aMessage(happened, { body: 'first' }),
      aMessage(act),
      aMessage(happened, { body: 'second' }),
      aMessage(happened, { body: new Uint8Array(maxBodyBytes + 1) }),
      aMessage(happened, { body: 'third' }),
    ]);

    expect(results.map(({ status }) => status)).toEqual([
      'accepted',
      'refused',
      'accepted',
      'refused',
      'accepted',
    ]);
    const deliveries = await receiver.until(3);
    expect(deliveries.map(textOf).toSorted()).toEqual(['first', 'second', 'third']);
  },

  'publishing no messages returns no results': async ({ connect }) => {
    expect(await (await connect()).publish([])).toEqual([]);
  },

  'an event without subscriptions is accepted': async ({ connect, declare }) => {
    await declare(aSubscription(anEvent()));
    expect(await (await connect()).publish([aMessage(anEvent())])).toEqual([{ status: 'accepted' }]);
  },

  'a mandatory event that no declared subscription takes is refused as unroutable, one that is taken is not':
    async ({ connect, declareEvent }) => {
      const { happened, subscription } = await declareEvent();
      const transport = await connect();
      const receiver = await receive(transport, subscription);

      const results = await transport.publish([
        { ...aMessage(anEvent()), mandatory: true },
        { ...aMessage(happened, { body: 'taken' }), mandatory: true },
      ]);

      expect(results[0]).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
      expect(results[1]).toEqual({ status: 'accepted' });
      expect((await receiver.until(1)).map(textOf)).toEqual(['taken']);
    },

  'a command reaches its one handler': async ({ connect, declare }) => {
    const act = aCommand();
    const subscription = aSubscription(act);
    await declare(subscription, aSubscription(anEvent()));
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    expect(await transport.publish([aMessage(act, { body: 'do it' })])).toEqual([{ status: 'accepted' }]);

    expect((await receiver.until(1)).map(textOf)).toEqual(['do it']);
  },

  'a command that no subscription takes is refused as unroutable': async ({ connect, declare }) => {
    await declare(aSubscription(aCommand()));
    const [result] = await (await connect()).publish([aMessage(aCommand())]);
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
  },

  'a body of the maximum size is accepted and one byte more is refused': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const largest = Buffer.alloc(maxBodyBytes, 'x');
    const results = await transport.publish([
      aMessage(happened, { body: largest }),
      aMessage(happened, { body: Buffer.alloc(maxBodyBytes + 1, 'x') }),
    ]);

    expect(results[0]).toEqual({ status: 'accepted' });
    expect(results[1]).toMatchObject({ status: 'refused', error: { code: 'bus.message_too_big' } });
    const delivery = await receiver.first();
    expect(largest.equals(delivery.body)).toBe(true);
  },

  'any bytes pass unchanged': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const bodies = {
      everyByte,
      empty: new Uint8Array(),
      noUtf8: Uint8Array.of(0xc3, 0x28, 0xff),
      text: Buffer.from('Grüße 🛒'),
    };
    await transport.publish(Object.entries(bodies).map(([id, body]) => aMessage(happened, { id, body })));

    const deliveries = await receiver.until(4);
    for (const [id, body] of Object.entries(bodies)) {
      const delivery = deliveries.find((one) => one.id === id);
      expect(Buffer.from(delivery?.body ?? 'none').equals(body), id).toBe(true);
    }
  },

  'keys and ids of any characters pass unchanged': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    const names = ['Zoë 🛒', `it's "quoted", {braced} \\ and %d`, '*.#', 'k'.repeat(500), ' '];
    await transport.publish(
      names.map((name, number) => aMessage(happened, { id: `${number}-${name}`, key: name })),
    );

    const deliveries = await receiver.until(names.length);
    const received = deliveries.map(({ id, key }) => `${id} for ${key}`);
    expect(received.toSorted()).toEqual(
      names.map((name, number) => `${number}-${name} for ${name}`).toSorted(),
    );
  },

  'publishing again with the same id is accepted, and keeps the id': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const message = aMessage(happened);

    await transport.publish([message]);
    expect(await transport.publish([message])).toEqual([{ status: 'accepted' }]);

    const receiver = await receive(transport, subscription);
    const delivery = await receiver.first();
    expect(delivery.id).toBe(message.id);
  },

  'concurrent publishes all get their results': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription, { concurrency: 50 });

    const sent = messages(happened, 500);
    const results = await Promise.all(sent.map((message) => transport.publish([message])));

    expect(results.flat().every(({ status }) => status === 'accepted')).toBe(true);
    const deliveries = await receiver.until(500);
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(500);
  },
} satisfies Cases;
