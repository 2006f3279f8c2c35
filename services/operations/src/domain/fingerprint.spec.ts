import { expect, test } from 'vitest';
import { fingerprintOf } from './fingerprint.ts';

test.each([
  [
    'UUIDs',
    'order 0198c5c0-0000-7000-8000-000000000001 is unknown',
    'order 0198C5C0-ffff-7000-8000-abcdefabcdef is unknown',
    'order <id> is unknown',
  ],
  ['numbers', 'timed out after 5,000 ms', 'timed out after 37.5 ms', 'timed out after <n> ms'],
  ['hexadecimal ids', 'no span 4bf92f3577b34da6', 'no span 00f067aa0ba902b7', 'no span <id>'],
  ['pointers', 'at 0xdeadbeef', 'at 0x10', 'at <id>'],
  ['ULIDs', 'no 01ARZ3NDEKTSV4RRFFQ69G5FAV', 'no 01BX5ZZKBKACTAV9WEVGEMMVRZ', 'no <id>'],
  [
    'e-mail addresses',
    'mail to ada@shop.example: 550',
    'mail to grace.h+x@mail.example: 451',
    'mail to <address>: <n>',
  ],
  [
    'quoted values',
    'Unexpected token \'x\', "{x" is no JSON',
    'Unexpected token \'yy\', "\\"y" is no JSON',
    'Unexpected token <text>, <text> is no JSON',
  ],
  ['positions', 'stuck at sensor_data/3/1207', 'stuck at sensor_data/0/9', 'stuck at sensor_data/<n>/<n>'],
  [
    'indices',
    'data.lines[0].quantity: too big',
    'data.lines[12].quantity: too big',
    'data.lines[<n>].quantity: too big',
  ],
  ['white space', 'a  b\n', 'a b', 'a b'],
])('%s are left out', (_, one, other, fingerprint) => {
  expect([fingerprintOf(one), fingerprintOf(other)]).toEqual([fingerprint, fingerprint]);
});

test.each([
  ["the server can't be reached, and it won't be", "the server can't be reached, and it won't be"],
  ['data.email: must be an address', 'data.email: must be an address'],
  ['the facade feeds a cafe', 'the facade feeds a cafe'],
  ['', ''],
])('other words stay: %s', (reason, fingerprint) => expect(fingerprintOf(reason)).toBe(fingerprint));

test('different reasons differ', () => {
  const reasons = [
    'data.email: must be an address',
    'data.name: must be an address',
    'away',
    'the server said no',
  ];
  expect(new Set(reasons.map(fingerprintOf)).size).toBe(reasons.length);
});

test('the end of a long text is left out, so that it does not matter where the text was cut', () => {
  const reason = (id: string) => `${id} ${'not found '.repeat(60)}`.slice(0, 500);
  expect(fingerprintOf(reason('12'))).toBe(fingerprintOf(reason('123456')));
  expect(fingerprintOf(reason('1'))).toHaveLength(200);
});

test('text of any length and kind is read in a moment', () => {
  const start = performance.now();
  for (const text of [
    "'".repeat(500),
    '@'.repeat(500),
    'a@'.repeat(250),
    '1a'.repeat(250),
    '\\'.repeat(500),
    '"\\'.repeat(250),
    '😀'.repeat(250),
  ])
    expect(fingerprintOf(text).isWellFormed()).toBe(true);
  expect(performance.now() - start).toBeLessThan(500);
});
