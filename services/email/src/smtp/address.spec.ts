import { expect, test } from 'vitest';
import { asciiDomain, parseAddress } from './address.ts';

test.each([
  ['anna@example.com', 'anna@example.com'],
  ['anna@münchen.de', 'anna@xn--mnchen-3ya.de'],
  ['anna@пример.рф', 'anna@xn--e1afmkfd.xn--p1ai'],
  ['anna@xn--e1afmkfd.xn--p1ai', 'anna@xn--e1afmkfd.xn--p1ai'],
  ['a=b@example.com', 'a=b@example.com'],
  [`o'brien+{x}/y@example.com`, `o'brien+{x}/y@example.com`],
  ['"a b@c"@example.com', '"a b@c"@example.com'],
  [' anna@example.com ', 'anna@example.com'],
  ['anna@Example.COM', 'anna@example.com'],
])('%j is the address %j', (text, address) => {
  expect(parseAddress(text)).toBe(address);
  expect(asciiDomain(text.trim())).toBe(address);
});

test.each([
  'anna',
  '@example.com',
  'anna@',
  'anna@example',
  'a b@example.com',
  'a..b@example.com',
  'anna@exa mple.com',
  'anna@-example.com',
  'anna@example.com\r\nRCPT TO:<eve@x.example>',
  'anna@example.com>',
  `${'a'.repeat(65)}@example.com`,
  '',
])('%j is not an address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});
