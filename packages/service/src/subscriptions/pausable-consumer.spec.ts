import { busErrors, type Consumer } from '@emporium/bus';
import { expect, test } from 'vitest';
import { isBrokerAway } from './consumer-stages.ts';
import { createPausableConsumer } from './pausable-consumer.ts';

const pause = { since: new Date(0), by: 'ada', reason: 'a broken mail server' };
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A broker whose answers come when the test says so. */
const openBroker = () => {
  const calls: string[] = [];
  const subscriptions: PromiseWithResolvers<void>[] = [];
  const stops: PromiseWithResolvers<void>[] = [];
  let consuming = 0;
  let most = 0;
  const subscribe = async (): Promise<Consumer> => {
    calls.push('subscribe');
    const answer = Promise.withResolvers<void>();
    subscriptions.push(answer);
    await answer.promise;
    consuming += 1;
    most = Math.max(most, consuming);
    return {
      status: () => ({ state: 'working' }),
      pause: async () => undefined,
      resume: async () => undefined,
      stop: async () => {
        calls.push('stop');
        const stopped = Promise.withResolvers<void>();
        stops.push(stopped);
        await stopped.promise;
        consuming -= 1;
      },
    };
  };
  return {
    calls,
    subscribe,
    /** The most consumers at any time. */
    most: () => most,
    consuming: () => consuming,
    subscribed: async () => {
      subscriptions.shift()?.resolve();
      await tick();
    },
    refuse: async (error: Error = busErrors.broker_away()) => {
      subscriptions.shift()?.reject(error);
      await tick();
    },
    stopped: async () => {
      stops.shift()?.resolve();
      await tick();
    },
    stopFails: async () => {
      stops.shift()?.reject(new Error('the connection was lost'));
      await tick();
    },
  };
};

const open = () => {
  const broker = openBroker();
  const lines: string[] = [];
  const line = (_facts: unknown, text?: string) => void lines.push(text ?? String(_facts));
  const consumer = createPausableConsumer({
    name: 'email.orders',
    subscribe: broker.subscribe,
    isTransient: isBrokerAway,
    log: { info: line, warn: line },
  });
  return { broker, consumer, lines };
};

test('subscribes at the start, and stops at the end', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  const stopped = consumer.stop();
  await broker.stopped();
  await stopped;
  expect(broker.calls).toEqual(['subscribe', 'stop']);
});

test('one that is paused at the start does not subscribe until it is resumed', async () => {
  const { broker, consumer } = open();
  consumer.set(pause);
  await consumer.start();
  expect(broker.calls).toEqual([]);
  expect(consumer.status()).toEqual({ state: 'paused', pause });
  consumer.set(undefined);
  await broker.subscribed();
  expect(broker.calls).toEqual(['subscribe']);
  expect(consumer.status()).toEqual({ state: 'working' });
});

test('is paused when its consumer has stopped, and not before', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  consumer.set(pause);
  await tick();
  expect([broker.calls.at(-1), consumer.status()]).toEqual(['stop', { state: 'working' }]);
  await broker.stopped();
  expect(consumer.status()).toEqual({ state: 'paused', pause });
});

test('the same state again changes nothing', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  consumer.set(undefined);
  consumer.set(pause);
  consumer.set({ ...pause, reason: 'another' });
  await broker.stopped();
  consumer.set(pause);
  await tick();
  expect(broker.calls).toEqual(['subscribe', 'stop']);
});

test('paused and resumed while it stops: it subscribes again once it has stopped, and never has two consumers', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  consumer.set(pause);
  consumer.set(undefined);
  consumer.set(pause);
  consumer.set(undefined);
  await tick();
  expect(broker.calls).toEqual(['subscribe', 'stop']);
  await broker.stopped();
  await broker.subscribed();
  expect(broker.calls).toEqual(['subscribe', 'stop', 'subscribe']);
  expect([broker.most(), broker.consuming()]).toEqual([1, 1]);
});

test('paused while it subscribes: the new consumer is stopped', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await tick();
  consumer.set(pause);
  await broker.subscribed();
  await broker.stopped();
  await started;
  expect(broker.calls).toEqual(['subscribe', 'stop']);
  expect(consumer.status()).toEqual({ state: 'paused', pause });
});

test('paused while the start waits for the broker: the start goes on, and resuming waits for the broker', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.refuse();
  consumer.set(pause);
  await started;
  expect(broker.calls).toEqual(['subscribe']);
  consumer.set(undefined);
  await broker.refuse();
  await expect.poll(() => broker.calls).toEqual(['subscribe', 'subscribe', 'subscribe']);
  expect(consumer.status()).toEqual({ state: 'working' }); // the broker has a check of its own
  await broker.subscribed();
  expect(broker.consuming()).toBe(1);
});

test('a start that fails for another reason than the broker rejects', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  void broker.refuse(new Error('ACCESS_REFUSED'));
  await expect(started).rejects.toThrow('ACCESS_REFUSED');
});

test('a resumption that fails is repeated, and says why meanwhile', async () => {
  const { broker, consumer } = open();
  consumer.set(pause);
  await consumer.start();
  consumer.set(undefined);
  await broker.refuse(new Error('ACCESS_REFUSED'));
  expect(consumer.status()).toEqual({ state: 'failed', reason: 'ACCESS_REFUSED' });
  await expect.poll(() => broker.calls).toHaveLength(2);
  await broker.subscribed();
  expect(consumer.status()).toEqual({ state: 'working' });
});

test('a consumer that does not stop cleanly counts as stopped, and it is logged', async () => {
  const { broker, consumer, lines } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  consumer.set(pause);
  await broker.stopFails();
  expect(consumer.status()).toEqual({ state: 'paused', pause });
  expect(lines).toContain('the consumer did not stop cleanly: the connection was lost');
});

test('the end of the process waits for a consumer that is being paused', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.subscribed();
  await started;
  consumer.set(pause);
  let isStopped = false;
  const stopped = consumer.stop().then(() => {
    isStopped = true;
  });
  await tick();
  expect(isStopped).toBe(false);
  await broker.stopped();
  await stopped;
  expect(broker.calls).toEqual(['subscribe', 'stop']);
});

test('the end of the process does not wait for a subscribing that is under way, and stops what comes of it', async () => {
  const { broker, consumer } = open();
  consumer.set(pause);
  await consumer.start();
  consumer.set(undefined);
  await consumer.stop();
  await broker.subscribed();
  await broker.stopped();
  expect(broker.calls).toEqual(['subscribe', 'stop']);
  expect(broker.consuming()).toBe(0);
});

test('the end of the process ends the wait for the broker, and nothing subscribes afterwards', async () => {
  const { broker, consumer } = open();
  const started = consumer.start();
  await broker.refuse();
  await consumer.stop();
  await started;
  consumer.set(pause);
  consumer.set(undefined);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(broker.calls).toEqual(['subscribe']);
});
