import { describe, expect, test } from 'vitest';
import { climates, locations } from './climate.ts';
import { createFleet, type Reading } from './fleet.ts';
import { createRandom } from './random.ts';

const readingsOf = (
  seconds: number,
  rate: number,
  prepare?: (fleet: ReturnType<typeof createFleet>) => void,
) => {
  const fleet = createFleet(rate, createRandom(7));
  prepare?.(fleet);
  const readings: Reading[] = [];
  for (let second = 0; second < seconds; second += 1) readings.push(...fleet.read(rate, second));
  return readings;
};

describe('the sensors', () => {
  const readings = readingsOf(3_600, 10);

  test('stay within what they can measure, and what is plausible for their place', () => {
    for (const { location, temperature, humidity } of readings) {
      expect(temperature).toBeGreaterThanOrEqual(10);
      expect(temperature).toBeLessThanOrEqual(35);
      expect(Math.abs(temperature - climates[location].temperature)).toBeLessThan(4);
      expect(humidity).toBeGreaterThanOrEqual(30);
      expect(humidity).toBeLessThanOrEqual(80);
    }
  });

  test('walk: a reading is near the one before, and the walk goes somewhere', () => {
    const mine = readings.filter(({ sensor_id }) => sensor_id === 1).map(({ temperature }) => temperature);
    const steps = mine.slice(1).map((temperature, index) => Math.abs(temperature - (mine[index] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(0.8);
    expect(Math.max(...mine) - Math.min(...mine)).toBeGreaterThan(1);
  });

  test('are of all places alike, with one decimal', () => {
    const counts = Map.groupBy(readings, ({ location }) => location);
    expect(new Set(counts.keys())).toEqual(new Set(locations));
    for (const mine of counts.values()) expect(mine.length).toBe(readings.length / 5);
    expect(readings.every(({ temperature }) => Number.isInteger(Math.round(temperature * 1e6) / 1e5))).toBe(
      true,
    );
  });

  test('read once a second at most, and are as many as the rate needs', () => {
    const fast = readingsOf(3, 10_000);
    expect(fast).toHaveLength(30_000);
    expect(new Set(fast.map(({ sensor_id, timestamp }) => `${sensor_id} ${timestamp}`)).size).toBe(30_000);
    const fleet = createFleet(10, createRandom(7));
    expect(fleet.read(100, 1)).toHaveLength(fleet.size());
    expect(fleet.read(100, 1)).toEqual([]);
  });
});

describe('an anomaly', () => {
  test('is of another sensor each time, as long as the place has one', () => {
    const fleet = createFleet(10, createRandom(7));
    const ids = [1, 2, 3].map(() => fleet.disturb('Dubai', 'heating'));
    expect(new Set(ids).size).toBe(3);
    expect(fleet.disturb('Dubai', 'heating')).toBe(ids[0]);
  });

  test('is of the place that was named, climbs over 35 degrees where it is warm, and is over after a while', () => {
    let id = 0;
    const readings = readingsOf(200, 10, (fleet) => {
      id = fleet.disturb('Dubai', 'heating');
    });
    const mine = readings.filter(({ sensor_id }) => sensor_id === id);
    expect(mine.every(({ location }) => location === 'Dubai')).toBe(true);
    expect(mine.filter(({ temperature }) => temperature > 35).length).toBeGreaterThan(10);
    expect(Math.max(...mine.map(({ temperature }) => temperature))).toBeLessThanOrEqual(40);
    expect(mine.at(-1)?.temperature).toBeLessThan(33);
    expect(
      readings.filter(({ sensor_id }) => sensor_id !== id).every(({ temperature }) => temperature < 35),
    ).toBe(true);
  });

  test('that is a jump goes up at once and comes down at once', () => {
    let id = 0;
    const mine = readingsOf(200, 10, (fleet) => {
      id = fleet.disturb('London', 'jump');
    })
      .filter(({ sensor_id }) => sensor_id === id)
      .map(({ temperature }) => temperature);
    expect(mine[0]).toBeGreaterThan(26);
    expect(mine.at(-1)).toBeLessThan(20);
  });
});
