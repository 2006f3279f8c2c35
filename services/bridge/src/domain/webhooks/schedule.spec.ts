import { expect, test } from 'vitest';
import { nextDelayMs, standardSchedule } from './schedule.ts';

const minute = 60_000;
const hour = 60 * minute;

test('ten attempts span three days, as the specification says', () => {
  expect(standardSchedule).toHaveLength(10);
  expect(standardSchedule.reduce((sum, each) => sum + each)).toBe(75 * hour + 35 * minute + 5_000);
});

test.each([
  [1, 5_000],
  [2, 5 * minute],
  [9, 24 * hour],
])('after attempt %i the next one follows in %i ms, up to a fifth later', (attempts, ms) => {
  expect(nextDelayMs(standardSchedule, { attempts, random: 0 })).toBe(ms);
  expect(nextDelayMs(standardSchedule, { attempts, random: 1 })).toBe(ms * 1.2);
});

test('the tenth attempt is the last', () =>
  expect(nextDelayMs(standardSchedule, { attempts: 10, random: 0, retryAfterMs: 1 })).toBeUndefined());

test.each([
  ['a longer wait that the receiver asks for is respected', 1, 60_000, 60_000],
  ['a shorter one does not shorten the schedule', 2, 1_000, 5 * minute],
  ['one of more than an hour is an hour', 1, 1e15, hour],
])('%s', (_, attempts, retryAfterMs, ms) => {
  expect(nextDelayMs(standardSchedule, { attempts, random: 0, retryAfterMs })).toBe(ms);
});
