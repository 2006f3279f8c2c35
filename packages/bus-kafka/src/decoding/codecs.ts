import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { lz4Decompress } from './lz4.ts';
import { snappyDecompress } from './snappy.ts';
import { tooBig, Undecodable } from './undecodable.ts';

type Decompress = (bytes: Buffer, limit: number) => Buffer | Promise<Buffer>;

const ofZlib =
  (
    name: string,
    decompress: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>,
  ): Decompress =>
  async (bytes, limit) => {
    try {
      return await decompress(bytes, { maxOutputLength: limit });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'malformed';
      throw code === 'ERR_BUFFER_TOO_LARGE' ? tooBig(limit) : new Undecodable(`${name}: ${code}`);
    }
  };

/** By the codec's number in the attributes of a batch (KIP-31, KIP-110). */
const codecs: Readonly<Record<number, Decompress>> = {
  0: (bytes) => bytes,
  1: ofZlib('gzip', promisify(gunzip)),
  2: snappyDecompress,
  3: lz4Decompress,
  4: ofZlib('zstd', promisify(zstdDecompress)),
};

/** Decompresses up to `limit` bytes. Throws `Undecodable`, also when there are more. */
export const decompress = async (codec: number, bytes: Buffer, limit: number): Promise<Buffer> => {
  const known = codecs[codec];
  if (known === undefined) throw new Undecodable(`its compression has the number ${codec}, which is unknown`);
  return known(bytes, limit);
};
