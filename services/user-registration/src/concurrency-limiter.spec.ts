import { expect, test } from 'vitest';
import { busy, createConcurrencyLimiter } from './concurrency-limiter.ts';

/** Work that ends when the test says so. */
const controlled = () => {
  let end: (text: string) => void = () => undefined;
  const done = new Promise<string>((resolve) => {
    end = resolve;
  });
  let started = false;
  const work = () => {
    started = true;
    return done;
  };
  return { work, end, started: () => started };
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('runs at most the given number at the same time, and the others in order', async () => {
  const limiter = createConcurrencyLimiter({ maxConcurrent: 2, maxQueued: 10 });
  const works = [controlled(), controlled(), controlled(), controlled()];
  const results = works.map(({ work }) => limiter.run(work));
  await settle();
  expect(works.map(({ started }) => started())).toEqual([true, true, false, false]);
  works[1]?.end('second');
  await settle();
  expect(works.map(({ started }) => started())).toEqual([true, true, true, false]);
  for (const [index, { end }] of works.entries()) end(`${index}`);
  expect(await Promise.all(results)).toEqual(['0', 'second', '2', '3']);
});

test('returns busy at once when the queue is full', async () => {
  const limiter = createConcurrencyLimiter({ maxConcurrent: 1, maxQueued: 1 });
  const running = controlled();
  const first = limiter.run(running.work);
  const second = limiter.run(async () => 'second');
  expect(await limiter.run(async () => 'third')).toBe(busy);
  running.end('first');
  expect([await first, await second]).toEqual(['first', 'second']);
});

test('releases the slot of work that fails', async () => {
  const limiter = createConcurrencyLimiter({ maxConcurrent: 1, maxQueued: 0 });
  await expect(limiter.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await limiter.run(async () => 'yes')).toBe('yes');
});

test('returns busy after the maximum wait, without running the work', async () => {
  const limiter = createConcurrencyLimiter({ maxConcurrent: 1, maxQueued: 5, maxWaitMs: 20 });
  const running = controlled();
  const first = limiter.run(running.work);
  let started = false;
  expect(await limiter.run(async () => (started = true))).toBe(busy);
  const third = limiter.run(async () => 'third');
  running.end('first');
  expect([await first, await third, started]).toEqual(['first', 'third', false]);
});
