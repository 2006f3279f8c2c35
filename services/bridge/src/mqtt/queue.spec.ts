import { expect, test } from 'vitest';
import { createBoundedQueue } from './queue.ts';

const filled = (sizes: readonly number[]) => {
  const queue = createBoundedQueue<number>({ items: 3, bytes: 100 });
  for (const [index, size] of sizes.entries()) queue.add(index, size);
  return queue;
};

test.each([
  ['has room', [10, 10], true],
  ['is full by number', [1, 1, 1], false],
  ['is full by bytes', [100], false],
])('a queue that %s', (_, sizes, hasRoom) => {
  let called = false;
  filled(sizes).whenRoom(() => {
    called = true;
  });
  expect(called).toBe(hasRoom);
});

test('who waits for room is called once there is, and once only', () => {
  const queue = filled([50, 50]);
  let calls = 0;
  queue.whenRoom(() => {
    calls += 1;
  });
  expect(queue.take(1)).toEqual([0]);
  queue.remove((item) => item === 1);
  expect([calls, queue.size()]).toEqual([1, 0]);
});
