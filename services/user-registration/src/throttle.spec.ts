import { expect, test } from 'vitest';
import { createThrottle } from './throttle.ts';

const createSetting = (clients = 10) => {
  let time = 0;
  const throttle = createThrottle({ perMinute: 3, clients, now: () => time });
  return { take: throttle.take, advance: (ms: number) => (time += ms) };
};

test('so many are let in at once, and then one as its time comes', () => {
  const { take, advance } = createSetting();
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 20_000]);
  advance(15_000);
  expect(take('a')).toBe(5_000);
  advance(5_000);
  expect([take('a'), take('a')]).toEqual([0, 20_000]);
  advance(3_600_000);
  expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0]);
  expect(take('a')).toBeGreaterThan(0);
});

test('each client has turns of its own', () => {
  const { take } = createSetting();
  for (let turn = 0; turn < 4; turn += 1) take('a');
  expect(take('b')).toBe(0);
});

test('a clock that goes back gives and takes nothing', () => {
  const { take, advance } = createSetting();
  advance(60_000);
  take('a');
  advance(-60_000);
  expect([take('a'), take('a')]).toEqual([0, 0]);
  expect(take('a')).toBeGreaterThan(0);
});

test('no more clients are remembered than it was told', () => {
  const { take } = createSetting(2);
  for (let turn = 0; turn < 4; turn += 1) take('a');
  take('b');
  expect(take('a')).toBeGreaterThan(0); // used again: `b` is the older one now
  take('c');
  expect(take('a')).toBeGreaterThan(0);
});
