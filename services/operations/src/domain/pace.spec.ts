import { expect, test } from 'vitest';
import { paceOf } from './pace.ts';

test.each([
  [1, 1, 1_000],
  [3, 1, 1_000 / 3],
  [10, 5, 500],
  [100, 50, 500],
  [10_000, 200, 20],
])('a rate of %d a second is a batch of %d every %d ms', (rate, size, everyMs) => {
  expect(paceOf(rate, 200)).toEqual({ size, everyMs });
});
