import { expect, test } from 'vitest';
import { createBoundedQueue } from './bounded-queue.ts';

test('items come out in order, also those that were waited for', async () => {
  const queue = createBoundedQueue<number>(3);
  queue.push(1);
  expect(await queue.take(10)).toEqual({ item: 1 });
  const waiting = queue.take(1_000);
  queue.push(2);
  expect(await waiting).toEqual({ item: 2 });
});

test('without an item it is idle, and goes on', async () => {
  const queue = createBoundedQueue<number>(3);
  expect(await queue.take(5)).toBe('idle');
  queue.push(1);
  expect(await queue.take(5)).toEqual({ item: 1 });
});

test('after its end it still returns what it has', async () => {
  const queue = createBoundedQueue<number>(3);
  queue.push(1);
  queue.end();
  expect(queue.push(2)).toBe(false);
  expect([await queue.take(5), await queue.take(5)]).toEqual([{ item: 1 }, 'ended']);
});

test('an end wakes the reader', async () => {
  const queue = createBoundedQueue<number>(3);
  const waiting = queue.take(60_000);
  queue.end();
  expect(await waiting).toBe('ended');
});

test('a reader that is too far behind ends it', () => {
  const queue = createBoundedQueue<number>(2);
  expect([queue.push(1), queue.push(2), queue.push(3), queue.push(4)]).toEqual([true, true, false, false]);
});
