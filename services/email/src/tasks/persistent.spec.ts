import { backoff } from '@emporium/bus';
import { expect, test } from 'vitest';
import { persistent } from './persistent.ts';

const hourMs = 3_600_000;

/** When each attempt after the first begins, in milliseconds after it. */
const attempts = (random: () => number): number[] => {
  let at = 0;
  return Array.from({ length: persistent.attempts - 1 }, (_, index) => {
    at += backoff(persistent, index + 1, random);
    return at;
  });
};

test('a mail that is answered 4xx is tried for two days', () => {
  for (let run = 0; run < 100; run += 1) {
    const last = attempts(Math.random).at(-1) ?? 0;
    expect(last).toBeGreaterThan(44 * hourMs);
    expect(last).toBeLessThan(60 * hourMs);
  }
  expect(attempts(() => 0.5).at(-1)).toBeGreaterThan(48 * hourMs);
});

test('one that is greylisted for a minute arrives within the next one', () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const after = attempts(random).find((at) => at >= 60_000) ?? Infinity;
    expect(after).toBeLessThan(130_000);
  }
});

test('waits are never shorter than half of their step', () => {
  expect(attempts(() => 0).slice(0, 6)).toEqual([500, 1_500, 3_500, 7_500, 15_500, 31_500]);
});
