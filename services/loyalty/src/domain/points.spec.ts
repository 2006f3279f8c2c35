import { expect, test } from 'vitest';
import { pointsOf } from './points.ts';

test.each([
  { what: '12.50 EUR', amount: 1_250, digits: 2, points: 12 },
  { what: '0.99 EUR', amount: 99, digits: 2, points: 0 },
  { what: '1250 JPY', amount: 1_250, digits: 0, points: 1_250 },
  { what: '1.250 KWD', amount: 1_250, digits: 3, points: 1 },
  { what: '0.999 KWD', amount: 999, digits: 3, points: 0 },
  { what: 'the largest amount', amount: 1_000_000_000_000, digits: 3, points: 1_000_000_000 },
])('$what are $points points', ({ amount, digits, points }) =>
  expect(pointsOf(amount, 0, digits)).toBe(points),
);

test.each([
  { digits: 0, refunded: 1, points: 1_249 },
  { digits: 2, refunded: 50, points: 12 },
  { digits: 2, refunded: 51, points: 11 },
  { digits: 2, refunded: 1_250, points: 0 },
  { digits: 3, refunded: 250, points: 1 },
  { digits: 3, refunded: 251, points: 0 },
])('of 1250 with $digits decimals and $refunded refunded, $points points are left', (given) =>
  expect(pointsOf(1_250, given.refunded, given.digits)).toBe(given.points),
);

test('partial refunds leave the points of the sum, whatever their parts', () => {
  for (let refunded = 0; refunded <= 1_250; refunded += 1)
    expect(pointsOf(1_250, refunded, 2)).toBe(Math.floor((1_250 - refunded) / 100));
});
