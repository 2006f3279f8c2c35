import { repeat } from './repeat.ts';
import { tooBig, Undecodable } from './undecodable.ts';

/** The header of snappy-java's frames, which Java clients write: this, two versions of four bytes, then blocks with their lengths. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeaderBytes = 16;

/** Decompresses a block of Snappy (https://github.com/google/snappy/blob/main/format_description.txt), or blocks in the frames of snappy-java. */
export const snappyDecompress = (bytes: Buffer, limit: number): Buffer => {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return block(bytes, limit);
  const parts: Buffer[] = [];
  let size = 0;
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new Undecodable('snappy: a block has no length');
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) throw new Undecodable('snappy: a block ends too early');
    const part = block(bytes.subarray(at, at + length), limit - size);
    parts.push(part);
    size += part.length;
    at += length;
  }
  return Buffer.concat(parts);
};

const block = (bytes: Buffer, limit: number): Buffer => {
  let at = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new Undecodable('snappy: it ends too early');
    at += 1;
    return byte;
  };
  const little = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) value += next() * 2 ** (8 * index);
    return value;
  };
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = next();
    size += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
    if (shift >= 28) throw new Undecodable('snappy: its size has too many bytes');
  }
  if (size > limit) throw tooBig(limit);
  const out = Buffer.allocUnsafe(size);
  let end = 0;
  while (at < bytes.length) {
    const tag = next();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >>> 2;
      const length = 1 + (short < 60 ? short : little(short - 59));
      if (length > bytes.length - at || length > size - end)
        throw new Undecodable('snappy: a literal is too long');
      bytes.copy(out, end, at, at + length);
      at += length;
      end += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
    const offset = kind === 1 ? ((tag >>> 5) << 8) + next() : little(kind === 2 ? 2 : 4);
    end = repeat(out, { end, offset, length, limit: size, codec: 'snappy' });
  }
  if (end !== size) throw new Undecodable('snappy: it is shorter than it says');
  return out;
};
