import { expect, test } from 'vitest';
import { lineOf, readJson } from './json-lines.ts';

const text = `{
  "id": "1",
  "data": {
    "lines": [
      { "sku": "MUG-1",
        "quantity": 2 }
    ],
    "a \\"b\\"": -1.5e3
  }
}`;

test('knows the line of each value', () => {
  const read = readJson(text);
  expect(read.kind).toBe('valid');
  if (read.kind !== 'valid') return;
  expect(read.value).toEqual(JSON.parse(text));
  expect(Object.fromEntries(read.lines)).toEqual({
    '': 1,
    id: 2,
    data: 3,
    'data.lines': 4,
    'data.lines.0': 5,
    'data.lines.0.sku': 5,
    'data.lines.0.quantity': 6,
    'data.a "b"': 8,
  });
  expect(lineOf('data.lines.0.price.amount', read.lines)).toBe(5);
  expect(lineOf('unknown', read.lines)).toBe(1);
});

test.each([
  ['', 1, 1, 'expected a value, but the text ends'],
  ['{\n  "a": 1,\n}', 3, 1, 'expected a name in double quotes'],
  ['{\n  "a" 1 }', 2, 7, 'expected ":"'],
  ['[1\n 2]', 2, 2, 'expected "," or "]"'],
  ["{ 'a': 1 }", 1, 3, 'expected a name in double quotes'],
  ['{ "a": 01 }', 1, 9, 'expected "," or "}"'],
  ['1 2', 1, 3, 'expected nothing more'],
  ['"a\n"', 1, 1, 'expected a value'],
])('says where %j is wrong', (wrong, line, column, message) => {
  expect(readJson(wrong)).toEqual({ kind: 'invalid', line, column, message });
  expect(() => JSON.parse(wrong)).toThrow();
});

test('does not fall over what is nested deeply', () => {
  expect(readJson('['.repeat(200_000))).toMatchObject({ kind: 'invalid' });
});
