import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { id, lines, money, quantity, sku, stepId } from './common.ts';

describe.each<{ what: string; schema: z.ZodType; right: readonly unknown[]; wrong: readonly unknown[] }>([
  {
    what: 'an id is a UUIDv7',
    schema: id,
    right: ['01890a5d-ac96-774b-bcce-b302099a8057'],
    wrong: ['01890a5d-ac96-474b-bcce-b302099a8057', '1', ''],
  },
  {
    what: 'money is whole minor units, never negative, with a currency of three capitals',
    schema: money,
    right: [
      { amount: 0, currency: 'EUR' },
      { amount: 1_000_000_000_000, currency: 'JPY' },
    ],
    wrong: [
      { amount: -1, currency: 'EUR' },
      { amount: 0.5, currency: 'EUR' },
      { amount: 1_000_000_000_001, currency: 'EUR' },
      { amount: '1', currency: 'EUR' },
      { amount: 1, currency: 'eur' },
      { amount: 1, currency: 'EURO' },
      { amount: 1 },
    ],
  },
  {
    what: 'a sku is capitals, digits and dashes, 40 at most',
    schema: sku,
    right: ['A', 'TEA-001', '7UP', 'A'.repeat(40)],
    wrong: ['', '-A', 'tea', 'TEA 1', 'A'.repeat(41), 'A\n'],
  },
  {
    what: 'a quantity is 1 to 10,000 pieces',
    schema: quantity,
    right: [1, 10_000],
    wrong: [0, -1, 1.5, 10_001, '1'],
  },
  {
    what: 'an order has 1 to 100 lines',
    schema: lines,
    right: [[{ sku: 'A', quantity: 1 }], Array(100).fill({ sku: 'A', quantity: 1 })],
    wrong: [[], Array(101).fill({ sku: 'A', quantity: 1 }), [{ sku: 'A' }]],
  },
  {
    what: 'a step id is 1 to 120 characters',
    schema: stepId,
    right: ['a', 'a'.repeat(120)],
    wrong: ['', 'a'.repeat(121)],
  },
])('$what', ({ schema, right, wrong }) => {
  test.each(right.map((value) => [value]))('accepts %j', (value) => {
    expect(schema.safeParse(value).success).toBe(true);
  });
  test.each(wrong.map((value) => [value]))('refuses %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});
