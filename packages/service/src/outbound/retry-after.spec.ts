import { expect, test } from 'vitest';
import { retryAfterMsOf } from './retry-after.ts';

const now = Date.parse('2026-11-01T12:00:00Z');

test.each([
  ['2', 2_000],
  ['0', 0],
  [' 7 ', 7_000],
  ['Sun, 01 Nov 2026 12:00:05 GMT', 5_000],
  ['Sun, 01 Nov 2026 11:00:00 GMT', 0],
  ['86400', 60_000],
  ['9'.repeat(400), 60_000],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 60_000],
  ['soon', undefined],
  ['', undefined],
  ['-5x', undefined],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMsOf(header, now)).toBe(expected);
});

test('the first of several headers counts; without a header the result is undefined', () => {
  expect([retryAfterMsOf(['3', '9'], now), retryAfterMsOf(undefined, now)]).toEqual([3_000, undefined]);
});
