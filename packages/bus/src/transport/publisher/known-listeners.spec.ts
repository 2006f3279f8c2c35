import { expect, test } from 'vitest';
import { createKnownListeners, isReached, noListeners } from './known-listeners.ts';

const there = (count: number, removed = 0) => ({ count, removed });

test('a mandatory message must reach at least one subscription, and as many as before', () => {
  const listeners = createKnownListeners();
  expect(listeners.expected('order.placed')).toMatchObject({ count: 1 });
  listeners.found('order.placed', there(0));
  expect(listeners.expected('order.placed')).toMatchObject({ count: 1 });
  listeners.found('order.placed', there(3));
  expect(listeners.expected('order.placed')).toMatchObject({ count: 3 });
  listeners.found('order.placed', there(4));
  expect(listeners.expected('order.placed')).toMatchObject({ count: 4 });
  expect(listeners.expected('order.paid')).toMatchObject({ count: 1 });
});

test.each([
  ['all are there', there(3), there(3), true],
  ['more are there', there(3), there(4), true],
  ['one is missing', there(3), there(2), false],
  ['one was removed on purpose', there(3), there(2, 1), true],
  ['one was removed on purpose and one is missing', there(3), there(1, 1), false],
  ['one was removed before', there(3, 1), there(2, 1), false],
  ['a reset forgot the removals, and all are there', there(3, 5), there(3), true],
  ['a reset forgot the removals, and one is missing', there(3, 5), there(2), false],
  ['the last was removed on purpose', there(1), there(0, 1), false],
  ['none is expected', noListeners, there(0), true],
])('%s: %o, then %o', (_, expected, found, reached) => {
  expect(isReached(expected, found)).toBe(reached);
});

test('a subscription that was removed on purpose is not waited for', () => {
  const listeners = createKnownListeners();
  listeners.found('order.placed', there(3));
  listeners.found('order.placed', there(2, 1));
  expect(listeners.expected('order.placed')).toMatchObject(there(2, 1));
});

test('subscriptions that are not back within half a minute count as removed for good', () => {
  let now = 0;
  const listeners = createKnownListeners(() => now);
  listeners.found('order.placed', there(3));
  for (now = 1_000; now < 31_000; now += 1_000) {
    listeners.found('order.placed', there(1));
    expect(listeners.expected('order.placed')).toMatchObject(there(3));
  }
  listeners.found('order.placed', there(1));
  expect(listeners.expected('order.placed')).toMatchObject(there(1));
});

test('once all are back, the next missing one has half a minute, too', () => {
  let now = 0;
  const listeners = createKnownListeners(() => now);
  listeners.found('order.placed', there(2));
  listeners.found('order.placed', there(1));
  now = 20_000;
  listeners.found('order.placed', there(2));
  now = 40_000;
  listeners.found('order.placed', there(1));
  expect(listeners.expected('order.placed')).toMatchObject(there(2));
});
