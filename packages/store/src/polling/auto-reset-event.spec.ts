import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AutoResetEvent, createAutoResetEvent } from './auto-reset-event.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const waitFor = (event: AutoResetEvent, ms: number) => {
  const waiter = { woken: false };
  void event.wait(ms).then(() => {
    waiter.woken = true;
  });
  return waiter;
};

test('wakes after the time, and not before', async () => {
  const waiter = waitFor(createAutoResetEvent(), 100);
  await vi.advanceTimersByTimeAsync(99);
  expect(waiter.woken).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waiter.woken).toBe(true);
});

test('wakes when it is set, and leaves no timer behind', async () => {
  const event = createAutoResetEvent();
  const waiter = waitFor(event, 100_000);
  event.set();
  await vi.advanceTimersByTimeAsync(0);
  expect(waiter.woken).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a set between the reset and the wait is not lost, and an older one does not count', async () => {
  const event = createAutoResetEvent();
  event.set();
  event.reset();
  const sleeping = waitFor(event, 100);
  await vi.advanceTimersByTimeAsync(50);
  expect(sleeping.woken).toBe(false);
  event.reset();
  event.set();
  const waiter = waitFor(event, 100);
  await vi.advanceTimersByTimeAsync(0);
  expect(waiter.woken).toBe(true);
});

test('a wait that ends resets it', async () => {
  const event = createAutoResetEvent();
  event.set();
  expect(event.isSet()).toBe(true);
  waitFor(event, 100);
  await vi.advanceTimersByTimeAsync(0);
  expect(event.isSet()).toBe(false);
});
