import { expect, test, vi } from 'vitest';
import { createCondition } from './condition.ts';

test('waiters are served in the order of their calls when the condition has changed', async () => {
  const condition = createCondition();
  const served: number[] = [];
  let value: string | undefined;
  const waiting = [1, 2, 3].map((number) =>
    condition.until(() => value, 1_000).then(() => served.push(number)),
  );
  condition.changed();
  value = 'there';
  condition.changed();
  await Promise.all(waiting);
  expect(served).toEqual([1, 2, 3]);
});

test('a wait ends with undefined after its time, and at once when the value is there', async () => {
  vi.useFakeTimers();
  const condition = createCondition();
  const waiting = condition.until(() => undefined, 500);
  await vi.advanceTimersByTimeAsync(500);
  expect(await waiting).toBeUndefined();
  expect(await condition.until(() => 7, 500)).toBe(7);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
