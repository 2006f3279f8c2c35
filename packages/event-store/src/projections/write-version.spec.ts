import { expect, test } from 'vitest';
import { formatVersion, parseVersion } from './write-version.ts';

const version = { transaction: '18446744073709551615', position: 123_456_789 };

test('a version comes back as it was, from text that fits a URL and a header', () => {
  const text = formatVersion(version);
  expect(text).toMatch(/^[\w-]{28}$/);
  expect(parseVersion(text)).toEqual(version);
});

test('a text with any other character in any place is not a version', () => {
  const text = formatVersion(version);
  for (let place = 0; place < text.length; place += 1)
    for (const other of ['A', 'b', '-', '='])
      if (text[place] !== other)
        expect(parseVersion(`${text.slice(0, place)}${other}${text.slice(place + 1)}`)).toBeUndefined();
});

test('a made-up version that no database can have is not a version', () =>
  expect(parseVersion(formatVersion({ transaction: '1', position: 2 ** 53 }))).toBeUndefined());
