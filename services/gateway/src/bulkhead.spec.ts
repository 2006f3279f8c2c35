import { expect, test } from 'vitest';
import { createBulkhead } from './bulkhead.ts';

const never = new AbortController().signal;
const bulkheadOf = (maxConcurrent: number, maxQueued: number) =>
  createBulkhead({ maxConcurrent, maxQueued, rejection: () => new Error('full') });

test('runs up to the limit, queues up to its length in order, and rejects the next one at once', async () => {
  const bulkhead = bulkheadOf(1, 1);
  const first = Promise.withResolvers<string>();
  const results = [bulkhead.run(() => first.promise, never), bulkhead.run(async () => 'second', never)];
  await expect(bulkhead.run(async () => 'third', never)).rejects.toThrow('full');
  first.resolve('first');
  expect(await Promise.all(results)).toEqual(['first', 'second']);
  expect(await bulkhead.run(async () => 'fourth', never)).toBe('fourth');
});

test('an abort while waiting leaves the queue, and a failure frees its place', async () => {
  const bulkhead = bulkheadOf(1, 1);
  const first = Promise.withResolvers<string>();
  const running = bulkhead.run(() => first.promise, never);
  const caller = new AbortController();
  const waiting = bulkhead.run(async () => 'second', caller.signal);
  caller.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  const third = bulkhead.run(async () => 'third', never);
  first.reject(new Error('no'));
  await expect(running).rejects.toThrow('no');
  expect(await third).toBe('third');
});
