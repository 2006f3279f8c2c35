import { expect, test } from 'vitest';
import { createKeyBackoff, type KeyBackoffOptions } from './key-backoff.ts';

const setUp = (options: KeyBackoffOptions = {}) => {
  let now = 1_000;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { backoff: createKeyBackoff({ ...options, clock: () => now }), pass };
};

test('blocks nothing at first', () => {
  const { backoff } = setUp();
  expect(backoff.blocked()).toEqual([]);
  expect(backoff.nextMs()).toBe(Number.POSITIVE_INFINITY);
});

test('a failed key is blocked for a while, and longer every time', () => {
  const { backoff, pass } = setUp();
  const delays: number[] = [];
  for (let failure = 1; failure <= 8; failure += 1) {
    expect(backoff.failed('a')).toBe(failure);
    expect(backoff.blocked()).toEqual(['a']);
    delays.push(backoff.nextMs());
    pass(backoff.nextMs());
    expect(backoff.blocked()).toEqual([]);
  }
  expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test('its first and its longest wait can be chosen', () => {
  const { backoff } = setUp({ firstMs: 10, maxMs: 15 });
  backoff.failed('a');
  expect(backoff.nextMs()).toBe(10);
  backoff.failed('a');
  expect(backoff.nextMs()).toBe(15);
});

test('a key that succeeds starts anew', () => {
  const { backoff } = setUp();
  backoff.failed('a');
  backoff.failed('a');
  expect(backoff.succeeded('a')).toBe(true);
  expect(backoff.succeeded('a')).toBe(false);
  expect(backoff.blocked()).toEqual([]);
  backoff.failed('a');
  expect(backoff.nextMs()).toBe(200);
});

test('the next wait is that of the first of several', () => {
  const { backoff, pass } = setUp();
  backoff.failed('a');
  pass(150);
  backoff.failed('b');
  expect(backoff.nextMs()).toBe(50);
});

test('a key that is gone neither wakes the relay nor stays in memory', () => {
  const { backoff, pass } = setUp();
  backoff.failed('a');
  pass(201);
  expect(backoff.nextMs()).toBe(Number.POSITIVE_INFINITY);
  pass(60_001);
  expect(backoff.blocked()).toEqual([]);
  backoff.failed('a');
  expect(backoff.nextMs()).toBe(200); // forgotten: it begins again
});
