import { expect, test } from 'vitest';
import type { RabbitmqDelivery } from './delivery.ts';
import { createLanes } from './lane.ts';

/** Runs nothing: each run ends when the test says so. */
const setting = (limits: { most: number; mostPerLane: number }) => {
  const begun: { id: string; end: () => void }[] = [];
  let idle = 0;
  const lanes = createLanes(
    ['one', 'two'],
    limits,
    ({ id }) => new Promise((resolve) => begun.push({ id, end: resolve })),
    () => {
      idle += 1;
    },
  );
  const arrive = (lane: number, ...ids: string[]) => {
    // The lanes look at nothing but the order.
    lanes.all[lane]?.waiting.push(...ids.map((id) => ({ id }) as RabbitmqDelivery));
    lanes.pump();
  };
  const end = async (id: string) => {
    begun.find((run) => run.id === id)?.end();
    await new Promise(setImmediate);
  };
  return { lanes, arrive, end, ids: () => begun.map(({ id }) => id), idle: () => idle };
};

test('no more begin than the limit allows, over all lanes', async () => {
  const { arrive, end, ids } = setting({ most: 2, mostPerLane: 2 });
  arrive(0, 'a', 'b', 'c');
  arrive(1, 'd');
  expect(ids()).toEqual(['a', 'b']);
  await end('b');
  expect(ids()).toEqual(['a', 'b', 'c']);
});

test('a lane of an ordered subscription runs one at a time, beside the others', async () => {
  const { arrive, end, ids } = setting({ most: 10, mostPerLane: 1 });
  arrive(0, 'a', 'b');
  arrive(1, 'c');
  expect(ids()).toEqual(['a', 'c']);
  await end('a');
  expect(ids()).toEqual(['a', 'c', 'b']);
});

test('a held lane begins nothing, and a paused consumer neither', async () => {
  const { lanes, arrive, ids } = setting({ most: 10, mostPerLane: 1 });
  const [held] = lanes.all;
  if (held !== undefined) held.held = true;
  arrive(0, 'a');
  lanes.pause();
  arrive(1, 'b');
  expect(ids()).toEqual([]);
  lanes.resume();
  expect(ids()).toEqual(['b']);
});

test('a lost channel forgets what waits, while what runs keeps its lane', async () => {
  const { lanes, arrive, end, ids, idle } = setting({ most: 10, mostPerLane: 1 });
  arrive(0, 'a', 'b');
  lanes.clear();
  arrive(0, 'b again');
  expect(ids()).toEqual(['a']);
  expect(lanes.busy()).toBe(true);
  await end('a');
  expect(ids()).toEqual(['a', 'b again']);
  await end('b again');
  expect(lanes.busy()).toBe(false);
  expect(idle()).toBe(2);
});
