import { expect, test } from 'vitest';
import { changesBetween } from './changes.ts';

const changes = (before: unknown, after: unknown, limit = 100) => changesBetween(before, after, limit);

test('equal values have no changes', () => {
  for (const value of [null, 7, 'x', [], {}, { a: [1, { b: null }] }])
    expect(changes(value, structuredClone(value))).toEqual([]);
});

test('fields that were added, removed or changed have their path, value before and value after', () => {
  expect(changes({ a: 1, b: { c: 'x', d: null } }, { a: 2, b: { c: 'x', e: [1] } })).toEqual([
    { path: '/a', kind: 'changed', before: 1, after: 2 },
    { path: '/b/d', kind: 'removed', before: null },
    { path: '/b/e', kind: 'added', after: [1] },
  ]);
});

test('lists are compared by index', () => {
  expect(changes([1, 2, 3], [1, 4])).toEqual([
    { path: '/1', kind: 'changed', before: 2, after: 4 },
    { path: '/2', kind: 'removed', before: 3 },
  ]);
});

test.each([
  ['no JSON', { a: 1 }],
  [{ a: 1 }, [1]],
  [null, {}],
  [1, '1'],
])('from %j to %j the whole value is changed', (before, after) => {
  expect(changes(before, after)).toEqual([{ path: '', kind: 'changed', before, after }]);
});

test('names with a slash, a tilde, or those of built-in properties are names as others', () => {
  const before: unknown = JSON.parse('{"a/b":1,"c~d":1,"__proto__":{"x":1}}');
  const after: unknown = JSON.parse('{"a/b":2,"c~d":2,"__proto__":{"x":2},"toString":1}');
  expect(changes(before, after).map(({ path }) => path)).toEqual([
    '/a~1b',
    '/c~0d',
    '/__proto__/x',
    '/toString',
  ]);
});

test('deep nesting is read, and no more changes than the limit are returned', () => {
  const nested = (value: string): unknown => JSON.parse(`${'['.repeat(5_000)}${value}${']'.repeat(5_000)}`);
  expect(changes(nested('1'), nested('2'))).toMatchObject([{ kind: 'changed', before: 1, after: 2 }]);
  expect(changes(Array(100).fill(1), Array(100).fill(2), 10)).toHaveLength(10);
});
