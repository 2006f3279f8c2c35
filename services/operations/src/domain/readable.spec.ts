import { expect, test } from 'vitest';
import { readable } from './readable.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each(['{"a":[1,"é"]}', '"text"', 'null', '7'])('JSON is shown as it is: %s', (text) => {
  expect(readable(bytes(text))).toEqual({ encoding: 'json', content: JSON.parse(text) });
});

test.each([
  ['invalid JSON', bytes('{"a":')],
  ['an empty body', new Uint8Array()],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
  ['JSON that is nested too deeply to be serialised', bytes('['.repeat(200_000) + ']'.repeat(200_000))],
])('%s is shown as base64', (_, given) => {
  expect(readable(given)).toEqual({ encoding: 'base64', content: Buffer.from(given).toString('base64') });
});
