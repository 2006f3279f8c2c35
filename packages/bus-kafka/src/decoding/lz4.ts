import { repeat } from './repeat.ts';
import { tooBig, Undecodable } from './undecodable.ts';

const magic = 0x184d2204;
/** Frames of these sixteen numbers are to be skipped. */
const skippableMagic = 0x184d2a50;

/**
 * Decompresses frames of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), with linked or independent blocks.
 * Its checksums are ignored: a record batch has its own, and Kafka's first clients wrote wrong ones.
 */
export const lz4Decompress = (bytes: Buffer, limit: number): Buffer => {
  let out = Buffer.allocUnsafe(Math.min(limit, Math.max(64 * 1024, bytes.length * 4)));
  let end = 0;
  let at = 0;
  const number = (): number => {
    if (at + 4 > bytes.length) throw new Undecodable('lz4: it ends too early');
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const skip = (length: number): number => {
    if (length > bytes.length - at) throw new Undecodable('lz4: it ends too early');
    at += length;
    return at - length;
  };
  const room = (length: number): void => {
    if (end + length <= out.length) return;
    if (end + length > limit) throw tooBig(limit);
    const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(out.length * 2, end + length)));
    out.copy(larger, 0, 0, end);
    out = larger;
  };

  const block = (from: number, to: number): void => {
    let position = from;
    const next = (): number => {
      if (position >= to) throw new Undecodable('lz4: a block ends too early');
      position += 1;
      return bytes[position - 1] ?? 0;
    };
    const lengthOf = (short: number): number => {
      let length = short;
      if (short < 15) return length;
      for (let byte = 255; byte === 255; length += byte) byte = next();
      return length;
    };
    while (position < to) {
      const token = next();
      const literals = lengthOf(token >>> 4);
      if (literals > to - position) throw new Undecodable('lz4: a literal is too long');
      room(literals);
      bytes.copy(out, end, position, position + literals);
      position += literals;
      end += literals;
      if (position >= to) return; // the last sequence has no copy
      const offset = next() + next() * 256;
      const length = lengthOf(token & 15) + 4;
      room(length);
      end = repeat(out, { end, offset, length, limit: out.length, codec: 'lz4' });
    }
  };

  while (at < bytes.length) {
    const found = number();
    if ((found & ~15) >>> 0 === skippableMagic) {
      skip(number());
      continue;
    }
    if (found !== magic) throw new Undecodable('lz4: it is not a frame');
    const flags = bytes[skip(2)] ?? 0;
    if (flags >>> 6 !== 1) throw new Undecodable('lz4: the version of the frame is unknown');
    const [hasBlockChecksum, hasSize, hasChecksum, hasDictionary] = [16, 8, 4, 1].map(
      (bit) => (flags & bit) > 0,
    );
    if (hasDictionary) throw new Undecodable('lz4: it needs a dictionary');
    skip((hasSize ? 8 : 0) + 1);
    for (let size = number(); size !== 0; size = number()) {
      const length = size & 0x7fffffff;
      const from = skip(length);
      if (size >>> 31 === 0) block(from, from + length);
      else {
        room(length);
        bytes.copy(out, end, from, from + length);
        end += length;
      }
      if (hasBlockChecksum) skip(4);
    }
    if (hasChecksum) skip(4);
  }
  return out.subarray(0, end);
};
