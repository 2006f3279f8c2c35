import type { TopologyChange } from '@emporium/bus';
import { expect } from 'vitest';
import { type Cases, registryOf } from '../case-context.ts';
import { eventually } from '../eventually.ts';
import { aMessage, anEvent, anOrderedSubscription, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const topology = {
  'diff lists what apply will create, and changes nothing': async ({ connect }) => {
    const registry = registryOf([aSubscription(anEvent()), anOrderedSubscription(anEvent())]);
    const transport = await connect();

    const first = await transport.topology(registry).diff();
    const second = await transport.topology(registry).diff();
    const applied = await transport.topology(registry).apply();

    const created = first.filter(({ action }) => action === 'create');
    expect(created.length).toBeGreaterThanOrEqual(2);
    for (const { name } of registry.subscriptions)
      expect(created.some(({ what }) => what.includes(name))).toBe(true);
    expect(second).toEqual(first);
    expect(applied.map(({ what }) => what).toSorted()).toEqual(created.map(({ what }) => what).toSorted());
  },

  'applying again changes nothing': async ({ connect, declare }) => {
    const registry = await declare(aSubscription(anEvent()), anOrderedSubscription(anEvent()));
    const transport = await connect();
    expect(await transport.topology(registry).apply()).toEqual([]);
    expect((await transport.topology(registry).diff()).filter(({ action }) => action === 'create')).toEqual(
      [],
    );
  },

  'several processes may apply at the same time': async ({ connect }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    const registry = registryOf([subscription, anOrderedSubscription(happened)]);
    const transport = await connect();
    const others = await Promise.all([connect(), connect(), connect()]);

    await Promise.all([transport, ...others].map((one) => one.topology(registry).apply()));

    const left = await transport.topology(registry).diff();
    expect(left.filter(({ action }) => action === 'create')).toEqual([]);
    await transport.publish([aMessage(happened)]);
    const receiver = await receive(transport, subscription);
    await receiver.until(1);
  },

  'a contract that is added to a subscription reaches it after the next apply': async ({
    connect,
    declare,
  }) => {
    const [before, later] = [anEvent(), anEvent()];
    const subscription = aSubscription(before);
    await declare(subscription);
    const wider = { ...subscription, to: [before, later] };
    const transport = await connect();
    const receiver = await receive(transport, subscription);

    await declare(wider);
    await transport.publish([aMessage(before), aMessage(later)]);

    const types = (await receiver.until(2)).map(({ type }) => type);
    expect(types.toSorted()).toEqual([before.type, later.type].toSorted());
  },

  'prune removes an empty subscription that the registry no longer implies': async ({ connect, declare }) => {
    const happened = anEvent();
    const [kept, dropped] = [aSubscription(happened), aSubscription(happened)];
    await declare(kept, dropped);
    const registry = registryOf([kept]);
    const transport = await connect();

    const announced = (await transport.topology(registry).diff()).filter(({ action }) => action === 'remove');
    const removed = await transport.topology(registry).prune();

    expect(announced.some(({ what }) => what.includes(dropped.name))).toBe(true);
    expect(removed.some(({ action, what }) => action === 'remove' && what.includes(dropped.name))).toBe(true);
    expect(removed.some(({ what }) => what.includes(kept.name))).toBe(false);
    const result = await transport.sendTo(dropped, aMessage(happened));
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
    expect(await transport.sendTo(kept, aMessage(happened))).toEqual({ status: 'accepted' });
  },

  'prune removes a binding that the registry no longer implies': async ({ connect, declare }) => {
    const [kept, dropped] = [anEvent(), anEvent()];
    const subscription = aSubscription(kept, dropped);
    await declare(subscription);
    const narrower = { ...subscription, to: [kept] };
    const transport = await connect();

    await transport.topology(registryOf([narrower])).prune();
    await transport.publish([aMessage(dropped, { body: 'dropped' }), aMessage(kept, { body: 'kept' })]);

    const receiver = await receive(transport, narrower);
    expect((await receiver.until(1)).map(textOf)).toEqual(['kept']);
  },

  'mandatory messages do not need the subscriptions that were pruned': async ({ connect, declare }) => {
    const happened = anEvent();
    const [kept, unbound, dropped] = [
      aSubscription(happened),
      aSubscription(happened),
      aSubscription(happened),
    ];
    await declare(kept, unbound, dropped);
    const [publishing, pruning] = [await connect(), await connect()];
    const event = (body: string) => ({ ...aMessage(happened, { body }), mandatory: true });
    const receivers = await Promise.all([kept, unbound, dropped].map((one) => receive(publishing, one)));
    expect(await publishing.publish([event('before')])).toEqual([{ status: 'accepted' }]);
    for (const receiver of receivers) await receiver.until(1);
    for (const { consumer } of receivers) await consumer.stop();

    const narrower = { ...unbound, to: [anEvent()] };
    const topology = pruning.topology(registryOf([kept, narrower]));
    const isOurs = ({ what }: TopologyChange) =>
      [kept, unbound, dropped].some(({ name }) => what.includes(name));
    await eventually(
      async () => {
        await topology.prune();
        const left = await topology.diff();
        return !left.some((change) => change.action === 'remove' && isOurs(change));
      },
      () => 'prune leaves a subscription or binding of this case',
    );
    expect(await publishing.publish([event('after')])).toEqual([{ status: 'accepted' }]);

    const receiver = await receive(publishing, kept);
    expect((await receiver.until(1)).map(textOf)).toEqual(['after']);
  },

  'prune leaves a subscription that still has messages': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    await transport.publish(messages(happened, 3));

    await transport.topology(registryOf([aSubscription(anEvent())])).prune();

    const receiver = await receive(transport, subscription);
    await receiver.until(3);
  },
} satisfies Cases;
