import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { checkReading } from './reading.ts';

const now = 1_796_000_000;
const limits = { maxAheadSeconds: 300, maxAgeSeconds: 365 * 86_400 };
const data = { sensor_id: 4711, location: 'Dubai', timestamp: now, temperature: 60, humidity: 40 };
const check = (change: object) => checkReading({ ...data, ...change }, now, limits);

test('a valid reading has no flags', () => {
  const reading = { sensorId: 4711, location: 'Dubai', timestamp: now, temperature: 60, humidity: 40 };
  expect(check({})).toEqual({ reading, flags: [] });
});

describe('a time', () => {
  test.each([
    ['five minutes ahead', now + 300, []],
    ['more than five minutes ahead', now + 301, ['clock-ahead']],
    ['the year 2100', 4_102_444_800, ['clock-ahead']],
    ['the end of 9999', 253_402_300_799, ['clock-ahead']],
    ['a year ago', now - 365 * 86_400, []],
    ['longer ago', now - 365 * 86_400 - 1, ['clock-behind']],
    ['1970', 0, ['clock-behind']],
    ['minus zero', -0, ['clock-behind']],
  ])('of %s', (_, timestamp, flags) => {
    const checked = check({ timestamp });
    expect(checked.flags).toEqual(flags);
    expect(checked.reading !== undefined).toBe(flags.length === 0);
  });

  test.each(hostileTimes.filter(({ value }) => typeof value === 'number'))(
    'of $name discards the reading',
    ({ value }) => {
      const isNow = Math.abs(Number(value) - now) < 1;
      expect(check({ timestamp: value }).reading !== undefined).toBe(isNow);
    },
  );
});

describe('a humidity', () => {
  test.each<[number, number | undefined, string[]]>([
    [0, 0, []],
    [100, 100, []],
    [100.1, 100, ['humidity-out-of-range']],
    [101.7, 100, ['humidity-out-of-range']],
    [120, 100, ['humidity-out-of-range']],
    [120.1, undefined, ['humidity-missing']],
    [-0.2, 0, ['humidity-out-of-range']],
    [-6.1, undefined, ['humidity-missing']],
    [Number.NaN, undefined, ['humidity-missing']],
    [Number.POSITIVE_INFINITY, undefined, ['humidity-missing']],
  ])('of %d counts as %d, flagged %j', (humidity, counted, flags) => {
    const { reading, flags: raised } = check({ humidity });
    expect([reading?.humidity, raised]).toEqual([counted, flags]);
  });

  test.each(hostileNumbers)('of $name never hides the temperature', ({ json }) => {
    const { reading } = check({ humidity: JSON.parse(json) });
    expect(reading).toMatchObject({ temperature: 60, location: 'Dubai' });
    expect(reading?.humidity ?? 0).toBeGreaterThanOrEqual(0);
    expect(reading?.humidity ?? 0).toBeLessThanOrEqual(100);
  });
});

test.each(hostileStrings)('a location of $name never hides the temperature', ({ value }) => {
  const { reading, flags } = check({ location: value });
  expect(reading?.temperature).toBe(60);
  expect(reading?.location).toBe(flags.length === 0 ? value : 'unknown');
  expect(reading?.location).toMatch(/^\P{Cc}{1,100}$/u);
});

test('a reading without humidity and location counts under an unknown location', () => {
  const { sensor_id, timestamp, temperature } = data;
  expect(checkReading({ sensor_id, timestamp, temperature }, now, limits)).toEqual({
    reading: { sensorId: 4711, location: 'unknown', timestamp, temperature },
    flags: ['location-missing', 'humidity-missing'],
  });
});
