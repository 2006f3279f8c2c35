import { Undecodable } from './undecodable.ts';

/** Repeats what was written `offset` bytes ago; source and target may overlap. Returns the new end. */
export const repeat = (
  out: Buffer,
  copy: { end: number; offset: number; length: number; limit: number; codec: string },
): number => {
  const { end, offset, length, limit, codec } = copy;
  if (offset === 0 || offset > end) throw new Undecodable(`${codec}: a copy begins before the data`);
  if (length > limit - end) throw new Undecodable(`${codec}: a copy is too long`);
  if (offset >= length) out.copyWithin(end, end - offset, end - offset + length);
  else for (let index = 0; index < length; index += 1) out[end + index] = out[end + index - offset] ?? 0;
  return end + length;
};
