import { describe, expect, test } from 'vitest';
import { parsePrices, priceChange } from './price-change.ts';

const eur = (amount: number) => ({ amount, currency: 'EUR' });

describe('the price of a product in the basket', () => {
  test('is dearer, cheaper, or the same', () => {
    expect(priceChange(eur(100), eur(120))).toBe('dearer');
    expect(priceChange(eur(100), eur(80))).toBe('cheaper');
    expect(priceChange(eur(100), eur(100))).toBeUndefined();
    expect(priceChange(undefined, eur(100))).toBeUndefined();
    expect(priceChange({ amount: 100, currency: 'JPY' }, eur(80))).toBeUndefined();
  });

  test.each(['', 'null', '[]', '{"MUG":5}', '{"MUG":{"amount":"1"}}'])('is not read from %j', (text) => {
    expect(parsePrices(text)).toEqual({});
  });

  test('is read from what was stored', () => {
    expect(parsePrices(JSON.stringify({ MUG: eur(5), PEN: null }))).toEqual({ MUG: eur(5) });
  });
});
