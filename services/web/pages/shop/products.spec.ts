import { expect, test } from 'vitest';
import { type Product, search } from './products.ts';

const product = (sku: string, name: string): Product => ({
  ...{ sku, name, available: 1 },
  price: { amount: 1, currency: 'EUR' },
});
const products = [product('MUG-1', 'Blue mug'), product('PEN-1', 'Blue pen'), product('MUG-2', 'Becher <b>')];

test.each([
  ['', ['MUG-1', 'PEN-1', 'MUG-2']],
  ['  blue ', ['MUG-1', 'PEN-1']],
  ['MUG blue', ['MUG-1']],
  ['mug-2', ['MUG-2']],
  ['<b>', ['MUG-2']],
  ['blue nothing', []],
])('%j finds the products with every word', (text, skus) => {
  expect(search(products, text).map(({ sku }) => sku)).toEqual(skus);
});
