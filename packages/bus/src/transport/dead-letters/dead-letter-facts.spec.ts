import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { expect, test } from 'vitest';
import { unstorable } from '../../message/storable.ts';
import { readFacts } from './dead-letter-facts.ts';

const fallback = { position: 'queue/7' };

test('facts are read as they were stored', () => {
  const facts = {
    subscription: 'email.orders',
    attempts: 3,
    failedAt: '2026-01-02T03:04:05.678Z',
    position: 'queue/3',
    truncatedFrom: 5_000_000,
  };
  expect(readFacts({ ...facts, code: 'a.b', message: 'broken' }, fallback)).toEqual({
    ...facts,
    reason: { code: 'a.b', message: 'broken' },
  });
});

const odd: readonly unknown[] = [
  ...hostileNumbers.map(({ json }): unknown => JSON.parse(json)),
  ...hostileStrings.map(({ value }) => value),
  ...hostileTimes.map(({ value }) => value),
];

const values = [undefined, null, [], {}, ...odd].map((value) => ({ value }));

test.each(values)('facts are valid where $value was stored instead', ({ value }) => {
  for (const facts of [
    readFacts(value, fallback),
    readFacts(
      {
        subscription: value,
        code: value,
        message: value,
        attempts: value,
        failedAt: value,
        position: value,
        truncatedFrom: value,
      },
      fallback,
    ),
  ]) {
    expect(unstorable({ ...facts })).toBeUndefined();
    expect(facts.subscription.length).toBeGreaterThan(0);
    expect(facts.attempts).toBeGreaterThanOrEqual(1);
    expect(facts.attempts).toBeLessThanOrEqual(1_000);
    expect(facts.reason.message.length).toBeLessThanOrEqual(500);
    expect(new Date(facts.failedAt).toISOString()).toBe(facts.failedAt);
  }
});
