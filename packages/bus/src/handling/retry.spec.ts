import { type RetryPolicy, shop } from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { delayTiers } from '../transport.ts';
import { backoff } from './retry.ts';

const policy: RetryPolicy = { attempts: 10, firstDelayMs: 100, maxDelayMs: 2_000 };
const maxRandom = () => 1 - Number.EPSILON;

describe('the delay before the next attempt', () => {
  test.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [5, 1_600],
    [6, 2_000],
    [9, 2_000],
    [5_000, 2_000],
  ])('after attempt %i is at maxMs %i ms', (attempt, maxMs) => {
    expect(backoff(policy, attempt, maxRandom)).toBe(maxMs);
  });

  test('is at least half of that plus the jitter', () => {
    expect(backoff(policy, 3, () => 0)).toBe(200);
    expect(backoff(policy, 3, () => 0.25)).toBe(250);
    expect(backoff(policy, 3, () => 0.0001)).toBe(201);
  });

  test('has a different jitter each time', () => {
    const delays = Array.from({ length: 200 }, () => backoff(policy, 6));
    expect(Math.min(...delays)).toBeLessThan(1_250);
    expect(Math.max(...delays)).toBeGreaterThan(1_750);
    expect(delays.every((delay) => Number.isInteger(delay) && delay >= 1_000 && delay <= 2_000)).toBe(true);
  });
});

describe('the delay tiers of the brokers', () => {
  const tierOf = (delayMs: number): number => delayTiers.find((tier) => tier >= delayMs) ?? Number.NaN;
  const worstCaseMs = (retry: RetryPolicy): number =>
    Array.from({ length: retry.attempts - 1 }, (_, index) =>
      tierOf(backoff(retry, index + 1, maxRandom)),
    ).reduce((sum, delay) => sum + delay, 0);

  test('grow', () => {
    expect([...delayTiers].sort((one, other) => one - other)).toEqual(delayTiers);
    expect(new Set(delayTiers).size).toBe(delayTiers.length);
  });

  test.each(shop.subscriptions.map(({ name, retry }) => [name, retry] as const))(
    'are long enough for every delay of %s',
    (_, retry) => expect(worstCaseMs(retry)).not.toBeNaN(),
  );

  const withDeadline = shop.subscriptions.filter(
    ({ name, to }) => name === 'order.replies' || to.some(({ senders }) => senders.includes('order')),
  );
  test.each(withDeadline.map(({ name, retry }) => [name, retry] as const))(
    'let %s use up its attempts well before the 30 s deadline of a step',
    (_, retry) => expect(worstCaseMs(retry)).toBeLessThan(15_000),
  );
});
