import { expect, test } from 'vitest';
import { createRateLimiter } from './rate-limiter.ts';

const createLimiter = (maxClients = 10) => {
  let time = 0;
  const limiter = createRateLimiter({ perMinute: 3, maxClients, now: () => time });
  return { take: limiter.take, advance: (ms: number) => (time += ms) };
};

test('allows a burst, and then one each time that a token is added', () => {
  const { take, advance } = createLimiter();
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 20_000]);
  advance(15_000);
  expect(take('a')).toBe(5_000);
  advance(5_000);
  expect([take('a'), take('a')]).toEqual([0, 20_000]);
  advance(3_600_000);
  expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0]);
  expect(take('a')).toBeGreaterThan(0);
});

test('each client has its own bucket', () => {
  const { take } = createLimiter();
  for (let turn = 0; turn < 4; turn += 1) take('a');
  expect(take('b')).toBe(0);
});

test('a clock that goes back neither adds nor takes tokens', () => {
  const { take, advance } = createLimiter();
  advance(60_000);
  take('a');
  advance(-60_000);
  expect([take('a'), take('a')]).toEqual([0, 0]);
  expect(take('a')).toBeGreaterThan(0);
});

test('remembers at most the given number of clients', () => {
  const { take } = createLimiter(2);
  for (let turn = 0; turn < 4; turn += 1) take('a');
  take('b');
  expect(take('a')).toBeGreaterThan(0); // so `b` is the least recently used
  take('c');
  expect(take('a')).toBeGreaterThan(0);
});
