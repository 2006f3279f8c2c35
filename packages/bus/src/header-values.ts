import { storableText } from './storable.ts';

/**
 * Our headers begin with this on every broker. Any other name is a third party's, and means nothing to us; on an open stream
 * no header means anything.
 */
export const headerPrefix = 'emporium-';

/** More attempts than any policy has. */
const maxAttempts = 1_000;

/**
 * The readers of headers take whatever a broker hands over (a text, bytes, a number, null, nothing) and return a valid,
 * bounded value that can be stored. They never throw: a header is never a reason not to handle or set aside its message.
 */
export const attemptFrom = (value: unknown): number => {
  const number = Number(textOf(value));
  return Number.isSafeInteger(number) && number >= 1 ? Math.min(number, maxAttempts) : 1;
};

/** The RFC 3339 time in UTC that the header holds, else `fallback`. The years 1970 to 9999 count as times. */
export const timeFrom = (value: unknown, fallback: Date = new Date()): string => {
  const text = textOf(value);
  const ms = text === '' ? Number.NaN : Date.parse(text);
  return new Date(ms >= 0 && ms <= latestMs ? ms : fallback).toISOString();
};

/** The text that the header holds, at most `maxLength` characters of it; empty where it holds none. */
export const textFrom = (value: unknown, maxLength: number): string => storableText(textOf(value), maxLength);

const latestMs = Date.UTC(10_000, 0) - 1;

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
};
