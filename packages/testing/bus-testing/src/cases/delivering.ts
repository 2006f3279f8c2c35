import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const delivering = {
  'an event reaches every subscription that listens to it, and no other': async ({ connect, declare }) => {
    const happened = anEvent();
    const [one, two, other] = [aSubscription(happened), aSubscription(happened), aSubscription(anEvent())];
    await declare(one, two, other);
    const transport = await connect();
    const receivers = [await receive(transport, one), await receive(transport, two)];
    const uninvolved = await receive(transport, other);

    await transport.publish(messages(happened, 5));

    for (const receiver of receivers) {
      expect((await receiver.until(5)).map(textOf).toSorted()).toEqual(['0', '1', '2', '3', '4']);
    }
    await aWhile();
    expect(receivers.map(({ deliveries }) => deliveries.length)).toEqual([5, 5]);
    expect(uninvolved.deliveries).toEqual([]);
  },

  'a subscription that listens to several contracts gets each of them': async ({ connect, declare }) => {
    const contracts = [anEvent(), anEvent()];
    const subscription = aSubscription(...contracts);
    await declare(subscription);
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    await transport.publish(contracts.map((contract) => aMessage(contract)));

    const types = (await receiver.until(2)).map(({ type }) => type);
    expect(types.toSorted()).toEqual(contracts.map(({ type }) => type).toSorted());
  },

  'two messages of one id but different types are both delivered to a subscription to both types': async ({
    connect,
    declare,
  }) => {
    const [older, newer] = [anEvent(), anEvent()];
    const both = aSubscription(older, newer);
    const one = aSubscription(older);
    await declare(both, one);
    const transport = await connect();
    const receivers = [await receive(transport, both), await receive(transport, one)];
    const { id, key } = aMessage(newer);

    await transport.publish([aMessage(newer, { id, key }), aMessage(older, { id, key })]);

    const typesOf = async (receiver: (typeof receivers)[number] | undefined, count: number) =>
      (await receiver?.until(count))?.map(({ type }) => type).toSorted();
    expect(await typesOf(receivers[0], 2)).toEqual([older.type, newer.type].toSorted());
    expect(await typesOf(receivers[1], 1)).toEqual([older.type]);
    await aWhile();
    expect(receivers.map(({ deliveries }) => deliveries.length)).toEqual([2, 1]);
  },

  'instances of one subscription share its messages': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const work = async (delivery: Delivery) => {
      await aWhile(5);
      await delivery.ack();
    };
    const one = await receive(await connect(), subscription, { deliver: work, concurrency: 2 });
    const two = await receive(await connect(), subscription, { deliver: work, concurrency: 2 });

    await (await connect()).publish(messages(happened, 200));

    const all = () => [...one.deliveries, ...two.deliveries].map(textOf);
    await eventually(
      () => all().length >= 200,
      () => `${all().length} deliveries`,
    );
    await aWhile();
    expect(all().length).toBe(200);
    expect(new Set(all()).size).toBe(200);
    expect(one.deliveries.length).toBeGreaterThan(0);
    expect(two.deliveries.length).toBeGreaterThan(0);
  },

  'a subscription that was declared before its first instance started misses nothing': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();

    const publisher = await connect();
    await publisher.publish(messages(happened, 20));
    await publisher.close();

    const receiver = await receive(await connect(), subscription);
    expect(new Set((await receiver.until(20)).map(textOf)).size).toBe(20);
  },

  'subscribing declares a subscription that is missing': async ({ connect }) => {
    const happened = anEvent();
    const transport = await connect();
    const receiver = await receive(transport, aSubscription(happened));

    await transport.publish([aMessage(happened)]);

    await receiver.until(1);
  },

  'as many deliveries are unsettled as the concurrency allows, and no more': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let unsettled = 0;
    let max = 0;
    const deliver = async (delivery: Delivery) => {
      unsettled += 1;
      max = Math.max(max, unsettled);
      await aWhile(20);
      unsettled -= 1;
      await delivery.ack();
    };
    await transport.publish(messages(happened, 40));

    const receiver = await receive(transport, subscription, { deliver, concurrency: 4 });

    await receiver.until(40);
    expect(max).toBe(4);
  },

  'a delivery is not repeated while its handler is slow': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const slow = async (delivery: Delivery) => {
      await aWhile(3_000);
      await delivery.ack();
    };
    const receivers = [
      await receive(await connect(), subscription, { deliver: slow }),
      await receive(await connect(), subscription, { deliver: slow }),
    ];

    await (await connect()).publish([aMessage(happened)]);

    await aWhile(3_500);
    expect(receivers.flatMap(({ deliveries }) => deliveries).length).toBe(1);
  },

  'only the first settlement of a delivery counts': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let ended = false;
    const deliver = async (delivery: Delivery) => {
      await delivery.ack();
      await delivery.retry(0);
      await delivery.deadLetter({ code: 'test.late', message: 'too late' });
      await delivery.ack();
      ended = true;
    };
    const receiver = await receive(transport, subscription, { deliver });

    await transport.publish([aMessage(happened)]);

    await receiver.until(1);
    await aWhile(500);
    expect(ended).toBe(true);
    expect(receiver.deliveries.length).toBe(1);
  },
} satisfies Cases;
