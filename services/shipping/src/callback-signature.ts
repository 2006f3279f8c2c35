import { createHmac, timingSafeEqual } from 'node:crypto';

/** Covers clock differences and limits the replay of old callbacks. */
const toleranceSeconds = 5 * 60;

const format = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;

/**
 * Whether `header` (`t=<unix seconds>,v1=<hex>`) is a valid signature of `body`: the HMAC-SHA256 of `<t>.<body>` under the
 * shared `secret`, with a time within five minutes of `now`. Compares in constant time.
 */
export const isSignedByCarrier = (
  header: string | undefined,
  body: Uint8Array,
  secret: string,
  now: Date,
): boolean => {
  const [, time, given] = format.exec(header ?? '') ?? [];
  if (time === undefined || given === undefined) return false;
  if (Math.abs(now.getTime() / 1_000 - Number(time)) > toleranceSeconds) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
};
