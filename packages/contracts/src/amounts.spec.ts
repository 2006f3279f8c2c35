import { expect, test } from 'vitest';
import { decimalAmount } from './amounts.ts';

test.each([
  [0, 'EUR', '0.00'],
  [5, 'EUR', '0.05'],
  [1_290_000, 'HUF', '12900.00'],
  [1_250, 'JPY', '1250'],
  [0, 'JPY', '0'],
  [1_250, 'KWD', '1.250'],
  [1, 'CLF', '0.0001'],
  [999_999_999_999, 'IQD', '999999999.999'],
  [100, 'ZZZ', '1.00'],
])('%i minor units of %s are %s', (amount, currency, text) => {
  expect(decimalAmount({ amount, currency })).toBe(text);
});
