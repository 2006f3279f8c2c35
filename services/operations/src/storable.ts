import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** PostgreSQL indexes entries of up to 2,704 bytes: two such texts fit into one. */
const mostBytes = 500;

/**
 * Text from outside as PostgreSQL can store and index it: no NUL and no half of a surrogate pair, 500 bytes of UTF-8 at most.
 * Two texts that differ stay different: what is changed ends in a hash of the text it was.
 */
export const storable = (text: string): string => {
  const clean = text.toWellFormed().replaceAll('\0', '\ufffd');
  if (clean === text && Buffer.byteLength(text) <= mostBytes) return text;
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex');
  const kept = Buffer.from(clean).subarray(0, mostBytes - hash.length - 1);
  // A character that was cut in two becomes U+FFFD, which may be longer than what is left of it.
  return `${kept.toString().replace(/\ufffd$/, '')}~${hash}`;
};

/** The text of an attribute, whatever a broker made of it: some give numbers, bytes or nothing. Never throws. */
export const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return value instanceof Uint8Array ? Buffer.from(value).toString() : inspect(value, { depth: 2 });
};
