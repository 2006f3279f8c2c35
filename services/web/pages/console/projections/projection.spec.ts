import { expect, test } from 'vitest';
import { progressOf } from './projection.ts';

test.each([
  { events: 0, left: 10, progress: 0 },
  { events: 5, left: 15, progress: 0.25 },
  { events: 8, left: 0, progress: 1 },
  { events: 0, left: 0, progress: 1 },
])('$events applied and $left left is $progress', ({ events, left, progress }) =>
  expect(progressOf({ events, lag: { events: left, seconds: 0 } })).toBe(progress),
);
