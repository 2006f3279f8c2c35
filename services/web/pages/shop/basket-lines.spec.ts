import { describe, expect, test } from 'vitest';
import { linesOf, totalOf } from './basket-lines.ts';
import type { Product } from './products.ts';

const product = (sku: string, amount: number, currency = 'EUR'): Product => ({
  ...{ sku, name: sku, available: 9 },
  price: { amount, currency },
});
const products = [product('MUG', 1_250), product('PEN', 200), product('SAKE', 900, 'JPY')];

describe('the lines of a basket', () => {
  test('have their products, and the total of all pieces', () => {
    const lines = linesOf({ PEN: 3, MUG: 2 }, products);
    expect(lines.map(({ sku, count, product: found }) => [sku, count, found?.price.amount])).toEqual([
      ['PEN', 3, 200],
      ['MUG', 2, 1_250],
    ]);
    expect(totalOf(lines)).toEqual({ amount: 3_100, currency: 'EUR' });
  });

  test.each([
    ['an empty basket', {}],
    ['a product that is no longer sold', { MUG: 1, GONE: 1 }],
    ['several currencies', { MUG: 1, SAKE: 1 }],
  ])('%s has no total', (_, basket) => {
    expect(totalOf(linesOf(basket, products))).toBeUndefined();
  });
});
