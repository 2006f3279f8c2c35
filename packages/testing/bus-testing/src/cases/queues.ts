import type { QueueFigures, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import { expect } from 'vitest';
import { type Cases, registryOf } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { anEvent, anOrderedSubscription, aSubscription, messages } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const queues = {
  'messages that nobody consumes wait for each subscription': async ({ connect, declare }) => {
    const happened = anEvent();
    const [one, other, undeclared] = [
      aSubscription(happened),
      anOrderedSubscription(happened),
      aSubscription(happened),
    ];
    await declare(one, other);
    const registry = registryOf([one, other, undeclared]);
    const transport = await connect();
    await figuresAre(transport, registry, { [one.name]: { waiting: 0 }, [other.name]: { waiting: 0 } });

    await transport.publish(messages(happened, 7));
    await figuresAre(transport, registry, { [one.name]: { waiting: 7 }, [other.name]: { waiting: 7 } });

    const receiver = await receive(transport, one);
    await receiver.until(7);
    await figuresAre(transport, registry, { [one.name]: { waiting: 0 }, [other.name]: { waiting: 7 } });
  },

  'messages of other types do not wait for a subscription that is consumed': async ({ connect, declare }) => {
    const [happened, elsewhere] = [anEvent(), anEvent()];
    const [one, other] = [aSubscription(happened), aSubscription(elsewhere)];
    const registry = await declare(one, other);
    const transport = await connect();
    await receive(transport, one);
    await transport.publish(messages(elsewhere, 3));
    await figuresAre(transport, registry, { [one.name]: { waiting: 0 }, [other.name]: { waiting: 3 } });
  },

  'messages wait for a consumer that was stopped': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);
    await receiver.consumer.stop();
    await transport.publish(messages(happened, 3));
    await figuresAre(transport, registryOf([subscription]), { [subscription.name]: { waiting: 3 } });
  },

  'unsettled deliveries are unacked, and do not wait': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const registry = registryOf([subscription]);
    const transport = await connect();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const deliver = async (delivery: Delivery) => {
      await released;
      await delivery.ack();
    };
    const receiver = await receive(await connect(), subscription, { deliver, concurrency: 2 });
    await transport.publish(messages(happened, 5));
    await receiver.until(2);
    await figuresAre(transport, registry, { [subscription.name]: { waiting: 3, unacked: 2 } });

    release();
    await receiver.until(5);
    await figuresAre(transport, registry, { [subscription.name]: { waiting: 0, unacked: 0 } });
  },

  'messages of a killed process are still counted': async ({ connect, declareEvent, spawnConsumer }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    await transport.publish(messages(happened, 5));
    const holder = await spawnConsumer(subscription, { concurrency: 2, workMs: 0, settle: 'never' });
    await holder.until('begun', 2);
    await holder.kill();
    const counted = async () => {
      const [found] = await transport.queues(registryOf([subscription]));
      return (found?.waiting ?? 0) + (found?.unacked ?? 0);
    };
    let count = 0;
    await eventually(
      async () => {
        count = await counted();
        return count === 5;
      },
      () => `${count} of 5 are counted`,
    );
  },

  'a message in retry waits': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription, {
      deliver: (delivery) => delivery.retry(60_000),
    });
    await transport.publish(messages(happened, 2));
    await receiver.until(2);
    await figuresAre(transport, registryOf([subscription]), { [subscription.name]: { waiting: 2 } });
  },

  'the age of the oldest message is told': async ({ connect, declare }) => {
    const happened = anEvent();
    const subscriptions = [aSubscription(happened), anOrderedSubscription(happened)];
    const registry = await declare(...subscriptions);
    const transport = await connect();
    const ages = async () =>
      (await transport.queues(registry)).map(({ oldestAgeSeconds }) => oldestAgeSeconds);
    expect(await ages()).toEqual([undefined, undefined]);

    const before = Date.now();
    await transport.publish(messages(happened, 3));
    await aWhile(1_100);
    for (const age of await ages()) {
      expect(age).toBeGreaterThan(1);
      expect(age).toBeLessThanOrEqual((Date.now() - before) / 1_000 + 0.1);
    }
  },
} satisfies Cases;

type Expected = Readonly<Record<Subscription['name'], Partial<QueueFigures>>>;

/** Waits until exactly these subscriptions have these figures: some brokers report a few seconds late. */
const figuresAre = async (transport: Transport, registry: Registry, expected: Expected): Promise<void> => {
  let seen: unknown;
  await eventually(
    async () => {
      seen = await transport.queues(registry).catch((error: unknown) => error);
      return Array.isArray(seen) && matches(seen, expected);
    },
    () => `expected ${JSON.stringify(expected)}, last seen ${JSON.stringify(seen)}`,
    30_000,
  );
};

const matches = (figures: readonly QueueFigures[], expected: Expected): boolean =>
  figures.length === Object.keys(expected).length &&
  figures.every((found) => {
    const wanted = expected[found.subscription];
    return (
      wanted !== undefined &&
      wanted.waiting === found.waiting &&
      (wanted.unacked === undefined || wanted.unacked === found.unacked)
    );
  });
