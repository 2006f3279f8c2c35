import { expect, test } from 'vitest';
import { readable } from './readable.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each(['{"a":[1,"é"]}', '"text"', 'null', '7'])('JSON is shown as it is: %s', (text) => {
  expect(readable(bytes(text))).toEqual({ encoding: 'json', content: JSON.parse(text) });
});

test.each([
  ['no JSON', bytes('{"a":')],
  ['nothing', new Uint8Array()],
  ['no UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
  ['JSON that is nested too deep to be written again', bytes('['.repeat(200_000) + ']'.repeat(200_000))],
])('%s is shown as base64', (_, given) => {
  expect(readable(given)).toEqual({ encoding: 'base64', content: Buffer.from(given).toString('base64') });
});
