import { expect, test } from 'vitest';
import { price } from './pricing.ts';

const euro = (amount: number) => ({ amount, currency: 'EUR' });
const prices = new Map([
  ['MUG-1', euro(1_250)],
  ['LAMP-7', euro(4_900)],
  ['TEA-1', { amount: 300, currency: 'GBP' }],
]);

test('the total is the sum of quantity times unit price', () =>
  expect(
    price(
      [
        { sku: 'MUG-1', quantity: 2 },
        { sku: 'LAMP-7', quantity: 1 },
      ],
      prices,
    ),
  ).toMatchObject({ kind: 'priced', total: euro(7_400) }));

test('an unknown sku, a second currency and a repeated sku are reported with their line', () =>
  expect(
    price(
      [
        { sku: 'MUG-1', quantity: 1 },
        { sku: 'NONE', quantity: 1 },
        { sku: 'TEA-1', quantity: 1 },
        { sku: 'MUG-1', quantity: 1 },
      ],
      prices,
    ),
  ).toMatchObject({
    kind: 'refused',
    errors: [{ field: 'lines[1].sku' }, { field: 'lines[2].sku' }, { field: 'lines[3].sku' }],
  }));

test('a total that exceeds the maximum of the contract is refused', () =>
  expect(price([{ sku: 'GOLD', quantity: 10_000 }], new Map([['GOLD', euro(1_000_000_000)]]))).toMatchObject({
    kind: 'refused',
    errors: [{ field: 'lines' }],
  }));
