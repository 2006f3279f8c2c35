import { describe, expect, test } from 'vitest';
import { compare } from './compare.ts';

describe('the comparison of two JSON values', () => {
  test('says which leaves are the same, changed, removed and added', () => {
    const before = { status: 'placed', total: { amount: 5 }, note: 'x' };
    const after = { status: 'confirmed', total: { amount: 5 }, lines: [{ sku: 'A' }] };
    expect(compare(before, after)).toEqual([
      { path: 'status', kind: 'changed', before: '"placed"', after: '"confirmed"' },
      { path: 'total.amount', kind: 'same', before: '5', after: '5' },
      { path: 'note', kind: 'removed', before: '"x"' },
      { path: 'lines[0].sku', kind: 'added', after: '"A"' },
    ]);
  });

  test('takes empty lists, empty objects and null as leaves', () => {
    expect(compare({ a: [], b: {}, c: null }, { a: [1], b: {}, c: null })).toEqual([
      { path: 'a', kind: 'removed', before: '[]' },
      { path: 'b', kind: 'same', before: '{}', after: '{}' },
      { path: 'c', kind: 'same', before: 'null', after: 'null' },
      { path: 'a[0]', kind: 'added', after: '1' },
    ]);
  });

  test('compares values that are no objects', () => {
    expect(compare(1, 2)).toEqual([{ path: '', kind: 'changed', before: '1', after: '2' }]);
    expect(compare(undefined, undefined)).toEqual([]);
  });
});
