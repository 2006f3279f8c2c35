const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Milliseconds before each attempt of a delivery. After the last attempt the delivery is failed. */
export type Schedule = readonly number[];

/** The schedule of the Standard Webhooks specification: ten attempts in a little over three days. */
export const standardSchedule: Schedule = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** A receiver cannot make us wait longer than this with `Retry-After`. */
export const maxRetryAfterMs = hour;

/** What is added to a wait at most, as a part of it, so that deliveries that failed together are not repeated together. */
const jitter = 0.2;

/**
 * Milliseconds from a failed attempt to the next one; undefined after the last. Never less than the schedule says, or than the
 * receiver asks for. `random` is from 0 to 1.
 */
export const nextDelayMs = (
  schedule: Schedule,
  { attempts, retryAfterMs = 0, random }: NextDelay,
): number | undefined => {
  const scheduled = schedule[attempts];
  if (scheduled === undefined) return undefined;
  const least = Math.max(scheduled, Math.min(retryAfterMs, maxRetryAfterMs));
  return Math.round(least * (1 + jitter * random));
};

interface NextDelay {
  /** Those that were made. */
  readonly attempts: number;
  readonly retryAfterMs?: number | undefined;
  readonly random: number;
}
