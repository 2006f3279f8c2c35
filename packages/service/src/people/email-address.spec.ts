import { expect, test } from 'vitest';
import { addressKey, canonicalAddress } from './email-address.ts';

test.each([
  ['ada@shop.example', 'ada@shop.example'],
  ['Ada.Lovelace+shop@Shop.EXAMPLE', 'Ada.Lovelace+shop@shop.example'],
  ['  anna@example.com\t', 'anna@example.com'],
  ['anna@example.com\u00a0', 'anna@example.com'],
  ['anna@xn--e1afmkfd.xn--p1ai', 'anna@xn--e1afmkfd.xn--p1ai'],
  ['anna@münchen.de', 'anna@xn--mnchen-3ya.de'],
  ['anna@mu\u0308nchen.de', 'anna@xn--mnchen-3ya.de'],
  ['anna@MÜNCHEN.de', 'anna@xn--mnchen-3ya.de'],
  ['anna@пример.рф', 'anna@xn--e1afmkfd.xn--p1ai'],
  ['anna@例え。テスト', 'anna@xn--r8jz45g.xn--zckzah'],
  ['a=b@example.com', 'a=b@example.com'],
  ["o'hara/x{y}@example.com", "o'hara/x{y}@example.com"],
  ['1@2.example', '1@2.example'],
])('%j is stored as %j', (given, stored) => expect(canonicalAddress(given)).toBe(stored));

test.each([
  '',
  '@',
  'nobody',
  '@example.com',
  'a@',
  'a@localhost',
  'a@b@example.com',
  'a b@example.com',
  'a@exam ple.com',
  '.a@example.com',
  'a.@example.com',
  'a..b@example.com',
  '"a b"@example.com',
  'a@example..com',
  'a@example.com.',
  'a@-example.com',
  'a@127.0.0.1',
  'a@127.1',
  'a@[127.0.0.1]',
  'a@example.com/x',
  'a@example%2ecom',
  'a@example.com:25',
  'a@b.example\r\nBcc: c@d.example',
  'a@example.com\u0000',
  'a@exa\u202emple.com',
  'ä@example.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b'.repeat(64)}.example`,
  `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(30)}.example`,
])('%j is not an address', (given) => expect(canonicalAddress(given)).toBeUndefined());

test('spellings of one address have one key', () => {
  const spellings = ['Anna@MÜNCHEN.de', 'anna@xn--mnchen-3ya.de', ' ANNA@mu\u0308nchen.DE '];
  expect(new Set(spellings.map(addressKey))).toEqual(new Set(['anna@xn--mnchen-3ya.de']));
  expect(addressKey(' No Address ')).toBe('no address');
});
