import { expect, test, vi } from 'vitest';
import { cached } from './cached.ts';

test('a result is kept for its time, and read again afterwards', async () => {
  let now = 0;
  let reads = 0;
  const read = cached(
    5_000,
    async () => {
      reads += 1;
      return reads;
    },
    () => now,
  );
  expect([await read(), await read()]).toEqual([1, 1]);
  now = 4_999;
  expect(await read()).toBe(1);
  now = 5_000;
  expect(await read()).toBe(2);
});

test('calls during a read share it, however long it takes', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = vi.fn(() => promise);
  const read = cached(0, work);
  const both = Promise.all([read(), read()]);
  resolve('done');
  expect(await both).toEqual(['done', 'done']);
  expect(work).toHaveBeenCalledOnce();
});

test('a failure is not kept', async () => {
  const work = vi.fn(async () => 'done').mockRejectedValueOnce(new Error('away'));
  const read = cached(5_000, work);
  await expect(read()).rejects.toThrow('away');
  expect(await read()).toBe('done');
});
