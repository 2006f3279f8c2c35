import { storableText } from '../message/storable.ts';

/**
 * The prefix of our headers on every broker. All other headers are those of third parties and are ignored, as is every header on
 * an open stream.
 */
export const headerPrefix = 'emporium-';

/** More than any retry policy allows. */
const maxAttempts = 1_000;

/**
 * The attempt in a header, 1 where there is none. Like the other readers of headers it accepts whatever a broker delivers (text,
 * bytes, a number, null, nothing), returns a bounded value that can be stored, and never throws: a wrong header must not keep
 * its message from being handled or dead-lettered.
 */
export const attemptFrom = (value: unknown): number => {
  const number = Number(textOf(value));
  return Number.isSafeInteger(number) && number >= 1 ? Math.min(number, maxAttempts) : 1;
};

/** The header's time as RFC 3339 in UTC, `fallback` where it is none of the years 1970 to 9999. */
export const timeFrom = (value: unknown, fallback: Date = new Date()): string => {
  const text = textOf(value);
  const ms = text === '' ? Number.NaN : Date.parse(text);
  return new Date(ms >= 0 && ms <= latestMs ? ms : fallback).toISOString();
};

/** The header's text, cut to `maxLength` characters; empty where there is none. */
export const textFrom = (value: unknown, maxLength: number): string => storableText(textOf(value), maxLength);

const latestMs = Date.UTC(10_000, 0) - 1;

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
};
