import { expect, test } from 'vitest';
import { within } from './within.ts';

test('work that is in time keeps its result and its error', async () => {
  expect(await within(1_000, Promise.resolve(7))).toBe(7);
  await expect(within(1_000, Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
});

test('work that takes longer is given up with an error that says so, or with the given one', async () => {
  await expect(within(5, new Promise(() => {}))).rejects.toThrow('no answer within 5 ms');
  await expect(within(5, new Promise(() => {}), () => new RangeError('late'))).rejects.toThrow(RangeError);
});

test('a failure after it was given up is nobody’s error', async () => {
  const work = Promise.withResolvers<never>();
  await expect(within(5, work.promise)).rejects.toThrow('no answer');
  work.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail the run
});
