import { expect, test } from 'vitest';
import { formatMoney } from './money.ts';

test.each([
  [0, 'EUR', '€0.00'],
  [5, 'EUR', '€0.05'],
  [123_456, 'USD', '$1,234.56'],
  [1_250, 'JPY', '¥1,250'],
  [1_250, 'KWD', 'KWD 1.250'],
  [1_290_000, 'HUF', 'HUF 12,900.00'],
  [1_290_000, 'IDR', 'IDR 12,900.00'],
  [1_290_000, 'COP', 'COP 12,900.00'],
  [1_290_000, 'PKR', 'PKR 12,900.00'],
  [1_290_000, 'LAK', 'LAK 12,900.00'],
  [1_290_000, 'IQD', 'IQD 1,290.000'],
  [1_290_000, 'UGX', 'UGX 1,290,000'],
  [1_290_000, 'CLF', 'CLF 129.0000'],
  [1_000_000_000_000, 'EUR', '€10,000,000,000.00'],
  [999_999_999_999, 'EUR', '€9,999,999,999.99'],
  [100, 'ZZZ', 'ZZZ 1.00'],
])('formats %i %s as %s', (amount, currency, text) => {
  expect(formatMoney({ amount, currency }).replace(/\u00a0/g, ' ')).toBe(text);
});
