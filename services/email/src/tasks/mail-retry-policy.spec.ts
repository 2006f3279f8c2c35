import { backoff } from '@emporium/bus';
import { expect, test } from 'vitest';
import { mailRetryPolicy } from './mail-retry-policy.ts';

const hourMs = 3_600_000;

/** The start of each retry, in milliseconds after the first attempt. */
const attempts = (random: () => number): number[] => {
  let at = 0;
  return Array.from({ length: mailRetryPolicy.attempts - 1 }, (_, index) => {
    at += backoff(mailRetryPolicy, index + 1, random);
    return at;
  });
};

test('a mail that is rejected with 4xx is retried for two days', () => {
  for (let run = 0; run < 100; run += 1) {
    const last = attempts(Math.random).at(-1) ?? 0;
    expect(last).toBeGreaterThan(44 * hourMs);
    expect(last).toBeLessThan(60 * hourMs);
  }
  expect(attempts(() => 0.5).at(-1)).toBeGreaterThan(48 * hourMs);
});

test('a mail that is greylisted for a minute is sent soon after it', () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const after = attempts(random).find((at) => at >= 60_000) ?? Infinity;
    expect(after).toBeLessThan(130_000);
  }
});

test('a delay is never shorter than half of its nominal length', () => {
  expect(attempts(() => 0).slice(0, 6)).toEqual([500, 1_500, 3_500, 7_500, 15_500, 31_500]);
});
