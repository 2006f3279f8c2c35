import { expect, test } from 'vitest';
import { createDurations } from './durations.ts';

test('durations are what they say', () => {
  const durations = createDurations();
  expect([durations.of('5m'), durations.seconds('5m'), durations.seconds('1d')]).toEqual(['5m', 300, 86_400]);
});

test('a scale shortens them, to a second at least', () => {
  const durations = createDurations(1 / 60);
  expect([durations.of('5m'), durations.seconds('5m'), durations.of('15s')]).toEqual(['5000ms', 5, '1000ms']);
});

test.each(['5', '5 minutes', 'm', ''])('%j is refused', (duration) =>
  expect(() => createDurations().seconds(duration)).toThrow(/is no duration of Prometheus/),
);
