import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** PostgreSQL limits an index entry to 2,704 bytes, and no index has more than two such texts. */
const maxBytes = 500;

/**
 * Returns the text in a form that PostgreSQL can store and index: well-formed, without NUL, at most 500 bytes of UTF-8.
 * A text that had to be changed ends in a hash of the original, so that different texts stay different.
 */
export const storable = (text: string): string => {
  const clean = text.toWellFormed().replaceAll('\0', '\ufffd');
  if (clean === text && Buffer.byteLength(text) <= maxBytes) return text;
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex');
  const prefix = Buffer.from(clean).subarray(0, maxBytes - hash.length - 1);
  // A character that was cut becomes U+FFFD, which may have more bytes than its remainder.
  return `${prefix.toString().replace(/\ufffd$/, '')}~${hash}`;
};

/** The text of an attribute; brokers also pass numbers, bytes or nothing. Never throws. */
export const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return value instanceof Uint8Array ? Buffer.from(value).toString() : inspect(value, { depth: 2 });
};
