import { expect, test } from 'vitest';
import { clock, counted, duration, listed } from './wording.ts';

test.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [185, '3 min'],
  [3_600, '1 h'],
  [7_500, '2 h 5 min'],
  [90_000, '1 d 1 h'],
  [86_400 * 40 + 60, '40 d'],
  [-5, '0 s'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test('a time of today has no date', () => {
  expect(clock('2026-11-29T14:03:59.000Z', '2026-11-29T23:00:00.000Z')).toBe('14:03 UTC');
  expect(clock('2026-11-28T14:03:59.000Z', '2026-11-29T23:00:00.000Z')).toBe('2026-11-28 14:03 UTC');
});

test.each([
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 others'],
])('%j is said as %s', (names, text) => expect(listed(names)).toBe(text));

test.each([
  [1, 'tasks to run', '1 task to run'],
  [1, 'open dead letters', '1 open dead letter'],
  [1, 'processes', '1 process'],
  [0, 'messages', '0 messages'],
  [12_000, 'messages to handle', '12,000 messages to handle'],
])('%d of %s is said as %s', (count, what, text) => expect(counted(count, what)).toBe(text));
