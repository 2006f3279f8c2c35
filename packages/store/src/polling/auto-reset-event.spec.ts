import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAlarm } from './auto-reset-event.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const waitFor = (alarm: ReturnType<typeof createAlarm>, ms: number) => {
  const waiter = { woken: false };
  void alarm.wait(ms).then(() => {
    waiter.woken = true;
  });
  return waiter;
};

test('wakes after the time, and not before', async () => {
  const waiter = waitFor(createAlarm(), 100);
  await vi.advanceTimersByTimeAsync(99);
  expect(waiter.woken).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(waiter.woken).toBe(true);
});

test('wakes at a ring, and leaves no timer behind', async () => {
  const alarm = createAlarm();
  const waiter = waitFor(alarm, 100_000);
  alarm.ring();
  await vi.advanceTimersByTimeAsync(0);
  expect(waiter.woken).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a ring between the setting and the wait is not lost, and an older one does not count', async () => {
  const alarm = createAlarm();
  alarm.ring();
  alarm.set();
  const sleeping = waitFor(alarm, 100);
  await vi.advanceTimersByTimeAsync(50);
  expect(sleeping.woken).toBe(false);
  alarm.set();
  alarm.ring();
  const waiter = waitFor(alarm, 100);
  await vi.advanceTimersByTimeAsync(0);
  expect(waiter.woken).toBe(true);
});
