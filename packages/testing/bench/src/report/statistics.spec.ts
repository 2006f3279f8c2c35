import { expect, test } from 'vitest';
import { median, percentile, round } from './statistics.ts';

test('a percentile is the value at that place in any order of the values', () => {
  const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0)).toBe(0);
  expect(percentile(values, 1)).toBe(99);
});

test('values are compared as numbers, and left as they were', () => {
  const values = [10, 9, 100];
  expect(median(values)).toBe(10);
  expect(values).toEqual([10, 9, 100]);
});

test('the median of no values is NaN', () => {
  expect(median([])).toBeNaN();
});

test.each([
  [0.012345, 0.0123],
  [1.2345, 1.23],
  [123.45, 123],
  [12_345.6, 12_346],
])('%f is rounded to %f', (value, short) => {
  expect(round(value)).toBe(short);
});
