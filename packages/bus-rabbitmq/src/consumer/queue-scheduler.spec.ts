import { expect, test } from 'vitest';
import type { RabbitmqDelivery } from './delivery.ts';
import { createQueueScheduler } from './queue-scheduler.ts';

/** Runs nothing: each run ends when the test says so. */
const setting = (limits: { max: number; maxPerQueue: number }) => {
  const begun: { id: string; end: () => void }[] = [];
  let idle = 0;
  const scheduler = createQueueScheduler(
    ['one', 'two'],
    limits,
    ({ id }) => new Promise((resolve) => begun.push({ id, end: resolve })),
    () => {
      idle += 1;
    },
  );
  const arrive = (queue: number, ...ids: string[]) => {
    // The scheduler only looks at their order.
    scheduler.queues[queue]?.waiting.push(...ids.map((id) => ({ id }) as RabbitmqDelivery));
    scheduler.dispatch();
  };
  const end = async (id: string) => {
    begun.find((run) => run.id === id)?.end();
    await new Promise(setImmediate);
  };
  return { scheduler, arrive, end, ids: () => begun.map(({ id }) => id), idle: () => idle };
};

test('no more deliveries begin than the limit allows, over all queues', async () => {
  const { arrive, end, ids } = setting({ max: 2, maxPerQueue: 2 });
  arrive(0, 'a', 'b', 'c');
  arrive(1, 'd');
  expect(ids()).toEqual(['a', 'b']);
  await end('b');
  expect(ids()).toEqual(['a', 'b', 'c']);
});

test('a queue of an ordered subscription runs one delivery at a time, beside the others', async () => {
  const { arrive, end, ids } = setting({ max: 10, maxPerQueue: 1 });
  arrive(0, 'a', 'b');
  arrive(1, 'c');
  expect(ids()).toEqual(['a', 'c']);
  await end('a');
  expect(ids()).toEqual(['a', 'c', 'b']);
});

test('a blocked queue begins nothing, and a paused consumer neither', async () => {
  const { scheduler, arrive, ids } = setting({ max: 10, maxPerQueue: 1 });
  const [blocked] = scheduler.queues;
  if (blocked !== undefined) blocked.blocked = true;
  arrive(0, 'a');
  scheduler.pause();
  arrive(1, 'b');
  expect(ids()).toEqual([]);
  scheduler.resume();
  expect(ids()).toEqual(['b']);
});

test('a lost channel forgets what waits, while running deliveries still count for their queue', async () => {
  const { scheduler, arrive, end, ids, idle } = setting({ max: 10, maxPerQueue: 1 });
  arrive(0, 'a', 'b');
  scheduler.clear();
  arrive(0, 'b again');
  expect(ids()).toEqual(['a']);
  expect(scheduler.busy()).toBe(true);
  await end('a');
  expect(ids()).toEqual(['a', 'b again']);
  await end('b again');
  expect(scheduler.busy()).toBe(false);
  expect(idle()).toBe(2);
});
