import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseBody } from './body.ts';

const mebibyte = 1_024 * 1_024;

/** A length-delimited field of protobuf. */
const field = (number: number, bytes: Buffer): Buffer => {
  const length: number[] = [];
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
    if (left <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
};
const emptyMessages = (number: number, count: number): Buffer =>
  Buffer.alloc(count * 2, Buffer.from([(number << 3) | 2, 0]));
const requestOf = (spans: Buffer): Buffer => field(1, field(2, spans));

test.each([
  ['empty spans in JSON', 'json', Buffer.from(`{"spans":[${'{},'.repeat(2_000_000)}{}]}`)],
  ['empty arrays in JSON', 'json', Buffer.from(`[${'[],'.repeat(2_000_000)}[]]`)],
  ['empty spans in protobuf', 'protobuf', requestOf(emptyMessages(2, 3_000_000))],
  ['empty attributes in protobuf', 'protobuf', requestOf(field(2, emptyMessages(9, 3_000_000)))],
] as const)(
  'millions of %s, which are some KB when compressed, are refused at once',
  async (_, encoding, bytes) => {
    const body = gzipSync(bytes);
    expect(body.length).toBeLessThan(20_000);
    const heap = process.memoryUsage().heapUsed;
    const began = performance.now();
    await expect(parseBody(body, encoding, 'gzip')).rejects.toMatchObject({
      status: 413,
      message: 'body must have at most 500000 objects: send fewer spans in one request',
    });
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(150 * mebibyte);
  },
);

test('a body that is too large when it is decompressed is refused', async () => {
  const body = gzipSync(Buffer.alloc(9 * mebibyte));
  await expect(parseBody(body, 'json', 'gzip')).rejects.toMatchObject({ status: 413 });
});

test('ten thousand spans with ten attributes are read in both encodings', async () => {
  const attribute = field(
    9,
    Buffer.concat([field(1, Buffer.from('k')), field(2, field(1, Buffer.from('v')))]),
  );
  const span = field(2, Buffer.concat(Array.from({ length: 10 }, () => attribute)));
  const read = await parseBody(
    requestOf(Buffer.concat(Array.from({ length: 10_000 }, () => span))),
    'protobuf',
    undefined,
  );
  expect(JSON.stringify(read).match(/"stringValue"/g)).toHaveLength(100_000);
  await expect(parseBody(Buffer.from(JSON.stringify(read)), 'json', undefined)).resolves.toEqual(read);
});
