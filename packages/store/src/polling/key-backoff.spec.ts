import { expect, test } from 'vitest';
import { createHolds } from './key-backoff.ts';

const setUp = () => {
  let now = 1_000;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { holds: createHolds(() => now), pass };
};

test('holds nothing at first', () => {
  const { holds } = setUp();
  expect(holds.keys()).toEqual([]);
  expect(holds.nextMs()).toBe(Number.POSITIVE_INFINITY);
});

test('a refused key is left alone for a while, and longer every time', () => {
  const { holds, pass } = setUp();
  const delays: number[] = [];
  for (let refusal = 0; refusal < 8; refusal += 1) {
    holds.refused('a');
    expect(holds.keys()).toEqual(['a']);
    delays.push(holds.nextMs());
    pass(holds.nextMs());
    expect(holds.keys()).toEqual([]);
  }
  expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test('an accepted key starts anew', () => {
  const { holds } = setUp();
  holds.refused('a');
  holds.refused('a');
  holds.accepted('a');
  expect(holds.keys()).toEqual([]);
  holds.refused('a');
  expect(holds.nextMs()).toBe(200);
});

test('the next look is at the first of several', () => {
  const { holds, pass } = setUp();
  holds.refused('a');
  pass(150);
  holds.refused('b');
  expect(holds.nextMs()).toBe(50);
});

test('a key that went elsewhere neither wakes the relay nor stays in memory', () => {
  const { holds, pass } = setUp();
  holds.refused('a');
  pass(201);
  expect(holds.nextMs()).toBe(Number.POSITIVE_INFINITY);
  pass(60_001);
  expect(holds.keys()).toEqual([]);
  holds.refused('a');
  expect(holds.nextMs()).toBe(200); // forgotten: it begins again
});
