import { expect, test } from 'vitest';
import { createBulkhead } from './bulkhead.ts';

const never = new AbortController().signal;
const setting = (running: number, waiting: number) =>
  createBulkhead({ running, waiting, full: () => new Error('full') });

test('so many run, so many wait in their order, and the next one is refused at once', async () => {
  const bulkhead = setting(1, 1);
  const first = Promise.withResolvers<string>();
  const results = [bulkhead.run(() => first.promise, never), bulkhead.run(async () => 'second', never)];
  await expect(bulkhead.run(async () => 'third', never)).rejects.toThrow('full');
  first.resolve('first');
  expect(await Promise.all(results)).toEqual(['first', 'second']);
  expect(await bulkhead.run(async () => 'fourth', never)).toBe('fourth');
});

test('who gives up while waiting leaves the line, and what fails gives its place back', async () => {
  const bulkhead = setting(1, 1);
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
