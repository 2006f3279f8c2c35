import { expect, test } from 'vitest';
import { createKnownListeners } from './known-listeners.ts';

test('a mandatory message must reach one subscription at least, and as many as there were', () => {
  const listeners = createKnownListeners();
  expect(listeners.least('order.placed')).toBe(1);
  listeners.found('order.placed', 3);
  expect(listeners.least('order.placed')).toBe(3);
  listeners.found('order.placed', 4);
  expect([listeners.least('order.placed'), listeners.least('order.paid')]).toEqual([4, 1]);
});

test('subscriptions that do not come back within half a minute were removed for good', () => {
  let now = 0;
  const listeners = createKnownListeners(() => now);
  listeners.found('order.placed', 3);
  for (now = 1_000; now < 31_000; now += 1_000) {
    listeners.found('order.placed', 1);
    expect(listeners.least('order.placed')).toBe(3);
  }
  listeners.found('order.placed', 1);
  expect(listeners.least('order.placed')).toBe(1);
});

test('when all are there again, the next that is missing has half a minute too', () => {
  let now = 0;
  const listeners = createKnownListeners(() => now);
  listeners.found('order.placed', 2);
  listeners.found('order.placed', 1);
  now = 20_000;
  listeners.found('order.placed', 2);
  now = 40_000;
  listeners.found('order.placed', 1);
  expect(listeners.least('order.placed')).toBe(2);
});
