import type { OutgoingMessage, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

export const stopping = {
  'a paused consumer starts no delivery, and receives all messages when it resumes': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription);
    await transport.publish(messages(happened, 5));
    await receiver.until(5);

    await receiver.consumer.pause();
    await transport.publish(messages(happened, 5));
    await aWhile();
    expect(receiver.deliveries.length).toBe(5);

    await receiver.consumer.resume();
    await receiver.until(10);
  },

  'a delivery that pauses its consumer can be completed': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let settled = 0;
    const deliver = async (delivery: Delivery) => {
      await receiver.consumer.pause();
      await aWhile(50);
      await receiver.consumer.resume();
      await delivery.ack();
      settled += 1;
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 2 });

    await transport.publish(messages(happened, 6));

    await eventually(
      () => settled === 6,
      () => `${settled} of 6 were acked`,
    );
    await aWhile();
    expect(receiver.deliveries.length).toBe(6);
  },

  'stopping waits for the deliveries in progress': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let acked = 0;
    const deliver = async (delivery: Delivery) => {
      await aWhile(300);
      await delivery.ack();
      acked += 1;
    };
    const receiver = await receive(transport, subscription, { deliver, concurrency: 3 });
    await transport.publish(messages(happened, 20));
    await receiver.until(3);

    await receiver.consumer.stop();

    expect(acked).toBe(receiver.deliveries.length);
    expect(receiver.deliveries.every(({ signal }) => !signal.aborted)).toBe(true);
    const rest = await receive(transport, subscription);
    await rest.until(20 - acked);
    await aWhile();
    expect(new Set([...receiver.deliveries, ...rest.deliveries].map(textOf)).size).toBe(20);
    expect(rest.deliveries.length).toBe(20 - acked);
  },

  'stopping aborts deliveries that do not end in time, and they are delivered again': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    let aborted = 0;
    const stuck = ({ signal }: Delivery) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted += 1;
          resolve();
        });
      });
    const receiver = await receive(transport, subscription, { deliver: stuck, concurrency: 2 });
    await transport.publish(messages(happened, 2));
    await receiver.until(2);

    const start = Date.now();
    await receiver.consumer.stop({ timeoutMs: 200 });

    expect(Date.now() - start).toBeLessThan(2_000);
    expect(aborted).toBe(2);
    const again = await receive(transport, subscription);
    const deliveries = await again.until(2);
    expect(deliveries.map(textOf).toSorted()).toEqual(['0', '1']);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1]);
  },

  'stopping does not wait for a delivery that ended unsettled, which is delivered again as the same attempt':
    async ({ connect, declareEvent }) => {
      const { happened, subscription } = await declareEvent();
      const transport = await connect();
      const stopping = Promise.withResolvers<void>();
      const receiver = await receive(transport, subscription, {
        deliver: () => stopping.promise,
        concurrency: 3,
      });
      await transport.publish(messages(happened, 3));
      await receiver.until(3);

      const start = Date.now();
      const stopped = receiver.consumer.stop({ timeoutMs: 20_000 });
      stopping.resolve();
      await stopped;

      expect(Date.now() - start).toBeLessThan(5_000);
      expect(receiver.deliveries).toHaveLength(3);
      const again = await receive(await connect(), subscription);
      const deliveries = await again.until(3);
      expect(deliveries.map(textOf).toSorted()).toEqual(['0', '1', '2']);
      expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    },

  'stopping an ordered subscription keeps the order of unsettled deliveries': async ({
    connect,
    declareOrderedEvent,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
    const transport = await connect();
    const stopping = Promise.withResolvers<void>();
    const receiver = await receive(transport, subscription, { deliver: () => stopping.promise });
    await transport.publish(messages(happened, 3, 'one key'));
    await receiver.until(1);

    const start = Date.now();
    const stopped = receiver.consumer.stop({ timeoutMs: 20_000 });
    stopping.resolve();
    await stopped;

    expect(Date.now() - start).toBeLessThan(5_000);
    const again = await receive(await connect(), subscription);
    expect((await again.until(3)).map(textOf)).toEqual(['0', '1', '2']);
  },

  'a delivery that was requeued can no longer be settled': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    const receiver = await receive(transport, subscription, { deliver: () => new Promise(() => {}) });
    await transport.publish([aMessage(happened)]);
    const late = await receiver.first();
    await receiver.consumer.stop({ timeoutMs: 50 });

    let complete = () => {};
    const again = await receive(transport, subscription, {
      deliver: async (delivery) => {
        await new Promise<void>((resolve) => {
          complete = resolve;
        });
        await delivery.retry(0);
      },
    });
    await again.until(1);
    await expect(late.ack()).rejects.toThrow();
    complete();

    await again.until(2);
    complete();
  },

  'stopping twice is safe, and other consumers of the transport continue': async ({ connect, declare }) => {
    const happened = anEvent();
    const [stopped, going] = [aSubscription(happened), aSubscription(happened)];
    await declare(stopped, going);
    const transport = await connect();
    const one = await receive(transport, stopped);
    const two = await receive(transport, going);

    await Promise.all([one.consumer.stop(), one.consumer.stop()]);
    await one.consumer.stop();
    await transport.publish([aMessage(happened)]);

    await two.until(1);
    await aWhile();
    expect(one.deliveries).toEqual([]);
  },

  'pausing and stopping under load loses nothing': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const acked = new Set<string>();
    const deliver = async (delivery: Delivery) => {
      await aWhile(2);
      await delivery.ack();
      acked.add(textOf(delivery));
    };
    const publisher = await connect();
    const publishing = publishSlowly(publisher, messages(happened, 1_000));

    for (let round = 0; round < 5; round += 1) {
      const receiver = await receive(await connect(), subscription, { deliver, concurrency: 20 });
      await receiver.until(50);
      await receiver.consumer.pause();
      await receiver.consumer.resume();
      await receiver.until(100);
      await receiver.consumer.stop();
    }
    await receive(await connect(), subscription, { deliver, concurrency: 50 });

    await publishing;
    await eventually(
      () => acked.size === 1_000,
      () => `${acked.size} of 1000 were acked`,
    );
  },

  'closing under load loses nothing that was accepted': async ({ connect, declareEvent }) => {
    const { happened, subscription } = await declareEvent();
    const acked = new Set<string>();
    const deliver = async (delivery: Delivery) => {
      await aWhile(2);
      await delivery.ack();
      acked.add(delivery.id);
    };
    const leaving = await connect();
    await receive(leaving, subscription, { deliver, concurrency: 20 });
    const sent = messages(happened, 400);
    const publishing = sent.map((message) => leaving.publish([message]));
    await aWhile(20);
    await leaving.close();
    const results = (await Promise.all(publishing)).flat();

    await receive(await connect(), subscription, { deliver });

    const accepted = sent.filter((_, index) => results[index]?.status === 'accepted');
    const missing = () => accepted.filter(({ id }) => !acked.has(id)).length;
    await eventually(
      () => missing() === 0,
      () => `${missing()} of ${accepted.length} accepted messages are missing`,
    );
    expect(accepted.length).toBeGreaterThan(0);
  },

  'a closed transport refuses to publish and to subscribe, and closing twice is safe': async ({
    connect,
    declareEvent,
  }) => {
    const { happened, subscription } = await declareEvent();
    const transport = await connect();
    await transport.publish([aMessage(happened)]);

    await Promise.all([transport.close(), transport.close()]);
    await transport.close();

    const [result] = await transport.publish([aMessage(happened)]);
    expect(result).toMatchObject({ status: 'refused', error: { code: 'bus.closed' } });
    expect(transport.status().state).toBe('away');
    await expect(receive(transport, subscription)).rejects.toMatchObject({ code: 'bus.closed' });
  },
} satisfies Cases;

const publishSlowly = async (publisher: Transport, sent: readonly OutgoingMessage[]): Promise<void> => {
  for (let from = 0; from < sent.length; from += 50) {
    await publisher.publish(sent.slice(from, from + 50));
    await aWhile(5);
  }
};
