import { gzipSync, zstdCompressSync } from 'node:zlib';
import { hostileBytes } from '@emporium/hostile-inputs';
import { expect, test } from 'vitest';
import { decompress } from './codecs.ts';

const text = `a reading of 21.5 degrees, a reading of 21.5 degrees, ${'a'.repeat(49)}`;

/** By Google's library and by lz4's, and the first one in the frames of snappy-java. */
const snappy = Buffer.from('Z2xhIHJlYWRpbmcgb2YgMjEuNSBkZWdyZWVzLCBhahsAvgEA', 'base64');
const length = Buffer.alloc(4);
length.writeInt32BE(snappy.length);
const frames = Buffer.concat([
  Buffer.from('82534e415050590000000001 00000001'.replace(' ', ''), 'hex'),
  length,
  snappy,
]);
const lz4 = 'BCJNGGBAgisAAAD/DGEgcmVhZGluZyBvZiAyMS41IGRlZ3JlZXMsIBsACQ8BABdgYWFhYWFhAAAAAA==';
const lz4WithChecksums =
  'BCJNGHRAvSsAAAD/DGEgcmVhZGluZyBvZiAyMS41IGRlZ3JlZXMsIBsACQ8BABdgYWFhYWFhDxKhjwAAAADE4+ds';

const compressed: readonly (readonly [string, number, Buffer])[] = [
  ['gzip', 1, gzipSync(text)],
  ['snappy', 2, snappy],
  ['snappy in the frames of Java', 2, frames],
  ['lz4', 3, Buffer.from(lz4, 'base64')],
  ['lz4 with checksums', 3, Buffer.from(lz4WithChecksums, 'base64')],
  ['zstd', 4, zstdCompressSync(text)],
];

test.each(compressed)('%s is decompressed', async (_, codec, bytes) => {
  expect((await decompress(codec, bytes, text.length)).toString()).toBe(text);
});

test.each(compressed)('%s is never more than the limit', async (_, codec, bytes) => {
  await expect(decompress(codec, bytes, text.length - 1)).rejects.toMatchObject({
    code: 'bus.message_too_big',
    message: `more than ${text.length - 1} bytes when decompressed`,
  });
});

test.each(compressed)(
  '%s that is cut, or of which any bit is another one, is refused or read, and ends',
  async (_, codec, bytes) => {
    const ends = async (damaged: Buffer): Promise<void> => {
      const outcome = await decompress(codec, damaged, 10_000).catch((error: Error) => error.name);
      expect(typeof outcome === 'string' ? outcome : 'read').toMatch(/^(read|Undecodable)$/);
    };
    for (let at = 0; at < bytes.length; at += 1) {
      await ends(bytes.subarray(0, at));
      for (let bit = 0; bit < 8; bit += 1) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        await ends(damaged);
      }
    }
  },
);

test.each(hostileBytes)('no codec throws anything but its own error for $name', async ({ value }) => {
  for (const codec of [1, 2, 3, 4, 5, 6, 7]) {
    const outcome = await decompress(codec, Buffer.from(value), 1_000).catch((error: Error) => error.name);
    expect(typeof outcome === 'string' ? outcome : 'read').toMatch(/^(read|Undecodable)$/);
  }
});
