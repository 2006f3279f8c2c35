import { describe, expect, test } from 'vitest';
import { minorUnitsOf, priceOf, remainingPieces } from './refund.ts';

const line = (sku: string, quantity: number, amount: number) => ({
  ...{ sku, quantity, unitPrice: { amount, currency: 'EUR' } },
});
const refund = (status: 'refunded' | 'abandoned', quantity: number) => ({
  ...{ refundId: 'r', status, amount: { amount: 1, currency: 'EUR' }, lines: [{ sku: 'MUG', quantity }] },
  ...{ restock: false, reason: '', requestedAt: '', byHand: [] },
});

describe('a refund', () => {
  const lines = [line('MUG', 3, 1_250), line('LAMP', 1, 4_900)];

  test('can have the pieces that no other has, except an abandoned one', () => {
    const left = remainingPieces(lines, [refund('refunded', 1), refund('abandoned', 2)]);
    expect([...left]).toEqual([
      ['MUG', 2],
      ['LAMP', 1],
    ]);
  });

  test('of pieces is their price in the order', () => {
    expect(
      priceOf(
        lines,
        new Map([
          ['MUG', 2],
          ['LAMP', 1],
          ['OTHER', 1],
        ]),
      ),
    ).toBe(7_400);
  });

  test.each([
    ['12.50', 'EUR', 1_250],
    ['12,5', 'EUR', 1_250],
    ['12', 'EUR', 1_200],
    ['1500', 'JPY', 1_500],
    ['1.5', 'JPY', undefined],
    ['12.505', 'EUR', undefined],
    ['-1', 'EUR', undefined],
    ['', 'EUR', undefined],
  ])('of an amount, typed as %j in %s, is %s', (text, currency, amount) => {
    expect(minorUnitsOf(text, currency)).toBe(amount);
  });
});
