import { expect, test } from 'vitest';
import { bytesOf, hexDump, textOf } from './bytes.ts';

test('reads text, and says that other bytes are none', () => {
  expect(textOf(bytesOf('w6lh'))).toBe('éa');
  expect(textOf(bytesOf('AP8AgA=='))).toBeUndefined();
  expect(textOf(bytesOf('AAE='))).toBeUndefined();
  expect(bytesOf('no base64!')).toEqual(new Uint8Array());
});

test('shows bytes in lines of sixteen', () => {
  expect(hexDump(bytesOf('AP8AgA=='))).toBe(`000000  00 ff 00 80${' '.repeat(36)}  ····`);
  expect(hexDump(new TextEncoder().encode('a message of twenty')).split('\n')).toEqual([
    '000000  61 20 6d 65 73 73 61 67 65 20 6f 66 20 74 77 65  a message of twe',
    `000010  6e 74 79${' '.repeat(39)}  nty`,
  ]);
});
