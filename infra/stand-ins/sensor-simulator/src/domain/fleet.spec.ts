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

  test('stay within the range of measurement, and near the climate of their location', () => {
    for (const { location, temperature, humidity } of readings) {
      expect(temperature).toBeGreaterThanOrEqual(10);
      expect(temperature).toBeLessThanOrEqual(35);
      expect(Math.abs(temperature - climates[location].temperature)).toBeLessThan(4);
      expect(humidity).toBeGreaterThanOrEqual(30);
      expect(humidity).toBeLessThanOrEqual(80);
    }
  });

  test('drift in small steps', () => {
    const own = readings.filter(({ sensor_id }) => sensor_id === 1).map(({ temperature }) => temperature);
    const steps = own.slice(1).map((temperature, index) => Math.abs(temperature - (own[index] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(0.8);
    expect(Math.max(...own) - Math.min(...own)).toBeGreaterThan(1);
  });

  test('are evenly distributed over the locations, with one decimal', () => {
    const counts = Map.groupBy(readings, ({ location }) => location);
    expect(new Set(counts.keys())).toEqual(new Set(locations));
    for (const own of counts.values()) expect(own.length).toBe(readings.length / 5);
    expect(readings.every(({ temperature }) => Number.isInteger(Math.round(temperature * 1e6) / 1e5))).toBe(
      true,
    );
  });

  test('report at most once a second, and are as many as the rate needs', () => {
    const fast = readingsOf(3, 10_000);
    expect(fast).toHaveLength(30_000);
    expect(new Set(fast.map(({ sensor_id, timestamp }) => `${sensor_id} ${timestamp}`)).size).toBe(30_000);
    const fleet = createFleet(10, createRandom(7));
    expect(fleet.read(100, 1)).toHaveLength(fleet.size());
    expect(fleet.read(100, 1)).toEqual([]);
  });
});

describe('an anomaly', () => {
  test('affects another sensor each time, until all of the location had one', () => {
    const fleet = createFleet(10, createRandom(7));
    const ids = [1, 2, 3].map(() => fleet.startAnomaly('Dubai', 'heating'));
    expect(new Set(ids).size).toBe(3);
    expect(fleet.startAnomaly('Dubai', 'heating')).toBe(ids[0]);
  });

  test('affects the given location, exceeds 35 degrees in a warm one, and ends', () => {
    let id = 0;
    const readings = readingsOf(200, 10, (fleet) => {
      id = fleet.startAnomaly('Dubai', 'heating');
    });
    const own = readings.filter(({ sensor_id }) => sensor_id === id);
    expect(own.every(({ location }) => location === 'Dubai')).toBe(true);
    expect(own.filter(({ temperature }) => temperature > 35).length).toBeGreaterThan(10);
    expect(Math.max(...own.map(({ temperature }) => temperature))).toBeLessThanOrEqual(40);
    expect(own.at(-1)?.temperature).toBeLessThan(33);
    expect(
      readings.filter(({ sensor_id }) => sensor_id !== id).every(({ temperature }) => temperature < 35),
    ).toBe(true);
  });

  test('of kind jump rises and falls at once', () => {
    let id = 0;
    const own = readingsOf(200, 10, (fleet) => {
      id = fleet.startAnomaly('London', 'jump');
    })
      .filter(({ sensor_id }) => sensor_id === id)
      .map(({ temperature }) => temperature);
    expect(own[0]).toBeGreaterThan(26);
    expect(own.at(-1)).toBeLessThan(20);
  });
});
