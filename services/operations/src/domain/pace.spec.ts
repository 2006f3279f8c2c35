import { expect, test } from 'vitest';
import { paceOf, rateOf } from './pace.ts';

test.each([
  [1, 1, 1_000],
  [3, 1, 1_000 / 3],
  [10, 5, 500],
  [100, 50, 500],
  [10_000, 200, 20],
])('a rate of %d a second is a batch of %d every %d ms', (rate, size, everyMs) => {
  expect(paceOf(rate, 200)).toEqual({ size, everyMs });
});

test.each([
  [0, 1],
  [9, 1],
  [10, 10],
  [109, 10],
  [110, 100],
  [1_109, 100],
  [1_110, 250],
  [1_000_000, 250],
])('a job that grows to 250 a second has the rate after %d: %d', (done, rate) => {
  expect(rateOf({ rate: 250, growing: true, done })).toBe(rate);
  expect(rateOf({ rate: 250, growing: false, done })).toBe(250);
});
