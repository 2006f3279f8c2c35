import { expect, test } from 'vitest';
import { storable } from './storable.ts';

test('text that PostgreSQL can store is unchanged', () => {
  for (const text of ['', 'order.placed', 'é😀', 'x'.repeat(500)]) expect(storable(text)).toBe(text);
});

test('other text is changed so that it can be stored, and stays distinct', () => {
  const odd = [
    'a\0b',
    'a\ufffdb\0',
    '\ud800',
    '\udfff',
    `${'x'.repeat(600)}1`,
    `${'x'.repeat(600)}2`,
    '😀'.repeat(300),
  ];
  const stored = odd.map(storable);
  expect(new Set(stored).size).toBe(odd.length);
  for (const text of stored) {
    expect(text.length).toBeLessThanOrEqual(500);
    expect(text).not.toContain('\0');
    expect(text.isWellFormed()).toBe(true);
  }
  expect(odd.map(storable)).toEqual(stored);
});
