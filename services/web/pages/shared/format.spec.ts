import { describe, expect, test } from 'vitest';
import { formatAgo, formatDuration, formatMoney } from './format.ts';

describe('texts for people', () => {
  test.each([
    [{ amount: 1_250, currency: 'EUR' }, /12[.,]50/],
    [{ amount: 1_250, currency: 'JPY' }, /1[.,\s]?250/],
    [{ amount: 1_250, currency: 'KWD' }, /1[.,]250/],
  ])('an amount has the digits of its currency: %j', (money, text) => {
    expect(formatMoney(money)).toMatch(text);
  });

  test('an amount of what is no currency is still shown', () => {
    expect(formatMoney({ amount: 5, currency: 'no currency' })).toBe('5 no currency');
  });

  const now = new Date('2026-11-29T12:00:00Z');
  test.each([
    [2, 'now'],
    [-3, 'now'],
    [42, '42 seconds ago'],
    [180, '3 minutes ago'],
    [7_200, '2 hours ago'],
    [86_400, 'yesterday'],
    [-3_600, 'in 1 hour'],
  ])('%i seconds before is %s', (seconds, text) => {
    expect(formatAgo(new Date(now.getTime() - seconds * 1_000), now)).toBe(text);
  });

  test.each([
    [740, '740 ms'],
    [3_200, '3.2 s'],
    [240_000, '4 min'],
  ])('%i milliseconds are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
