import { currencyDigits, isCurrency } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { inMainUnits, minorUnits } from './promql.ts';

const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
const codes = letters
  .flatMap((first) => letters.flatMap((second) => letters.map((third) => first + second + third)))
  .filter(isCurrency);

test('money is divided by the minor units that ISO 4217 says', () => {
  for (const [units, listed] of Object.entries(minorUnits))
    expect(listed.split('|')).toEqual(codes.filter((code) => 10 ** currencyDigits(code) === Number(units)));
  const others = Object.values(minorUnits).join('|').split('|');
  expect(codes.filter((code) => currencyDigits(code) !== 2).toSorted()).toEqual(others.toSorted());
});

test('each currency has one divisor', () =>
  expect(inMainUnits((selector) => `revenue${selector}`)).toMatch(
    /^revenue\{emporium_currency!~"BIF.*UYW"\} \/ 100 or revenue\{emporium_currency=~"BIF.*XPF"\} \/ 1 or /,
  ));
