import { expect, test } from 'vitest';
import { currencyDigits, isCurrency } from './currencies.ts';

test.each([
  ['EUR', 2],
  ['HUF', 2],
  ['IDR', 2],
  ['COP', 2],
  ['PKR', 2],
  ['LAK', 2],
  ['AFN', 2],
  ['XCG', 2],
  ['JPY', 0],
  ['CLP', 0],
  ['UGX', 0],
  ['UYI', 0],
  ['IQD', 3],
  ['KWD', 3],
  ['TND', 3],
  ['CLF', 4],
  ['UYW', 4],
])('%s is a currency with %i digits', (code, digits) => {
  expect(isCurrency(code)).toBe(true);
  expect(currencyDigits(code)).toBe(digits);
});

test.each(['ZZZ', 'XXX', 'XTS', 'XAU', 'XDR', 'DEM', 'eur', 'EURO', '', ' EUR', 'constructor'])(
  '%j is not a currency',
  (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(currencyDigits(code)).toBe(2);
  },
);

test.each(['MRU', 'STN', 'SLE', 'VED', 'VES', 'ZWG', 'BYN', 'SSP', 'XAD', 'CHE', 'COU', 'USN'])(
  '%s, which is missing in older lists, is a currency',
  (code) => {
    expect(isCurrency(code)).toBe(true);
  },
);
