import { describe, expect, test } from 'vitest';
import { newSensor, observe, type Reason, type Sensor } from './excursion.ts';

const rules = { hotAbove: 35, jumpBy: 8 };

/** Returns the time and the reason of each alert. */
const alertsOf = (
  readings: readonly (readonly [at: number, temperature: number])[],
  from: Sensor = newSensor,
) => {
  let sensor = from;
  const alerts: [number, Reason][] = [];
  for (const [timestamp, temperature] of readings) {
    const observation = observe(sensor, { timestamp, temperature }, rules);
    sensor = observation.sensor;
    if (observation.alert !== undefined) alerts.push([timestamp, observation.alert.reason]);
  }
  return { alerts, sensor };
};

const each = (from: number, temperatures: readonly number[]) =>
  temperatures.map((temperature, index) => [from + index, temperature] as const);
const normal = each(0, Array<number>(20).fill(20));

describe('too hot', () => {
  test('raises one alert per excursion, however many readings it has', () => {
    expect(alertsOf(each(0, [33, 34, 34.5, 35, 35.1, 36, 37, 38, 36])).alerts).toEqual([[4, 'too-hot']]);
  });

  test('raises an alert for the first reading of a new sensor', () => {
    const { alerts, sensor } = alertsOf([[5, 36]]);
    expect(alerts).toEqual([[5, 'too-hot']]);
    expect(observe(newSensor, { timestamp: 5, temperature: 36 }, rules).alert).toEqual({ reason: 'too-hot' });
    expect(sensor.excursions).toEqual([{ began: 5, reason: 'too-hot' }]);
  });

  test('reports the mean', () => {
    const { sensor } = alertsOf(normal);
    expect(observe(sensor, { timestamp: 50, temperature: 36 }, rules).alert).toEqual({
      reason: 'too-hot',
      usual: 20,
    });
  });

  test('raises another alert after a gap of more than a minute without readings', () => {
    expect(
      alertsOf([
        [0, 36],
        [60, 37],
        [121, 38],
      ]).alerts,
    ).toEqual([
      [0, 'too-hot'],
      [121, 'too-hot'],
    ]);
  });

  test('around the limit is one excursion', () => {
    expect(alertsOf(each(0, [34, 36, 34, 36, 34, 36])).alerts).toEqual([[1, 'too-hot']]);
  });

  test('again a minute later is another excursion', () => {
    const readings = [...each(0, [34, 36, 34]), [61, 34], [62, 36], [63, 36]] as const;
    expect(alertsOf(readings).alerts).toEqual([
      [1, 'too-hot'],
      [62, 'too-hot'],
    ]);
  });

  test('does not change the mean, so that the return to normal is not a jump', () => {
    const { alerts, sensor } = alertsOf([
      ...normal,
      ...each(20, Array<number>(60).fill(37)),
      ...each(80, [20, 20]),
    ]);
    expect(alerts).toEqual([[20, 'too-hot']]);
    expect(sensor.mean).toBe(20);
    expect(sensor.excursions).toEqual([{ began: 20, ended: 80, reason: 'too-hot' }]);
  });
});

describe('a sudden jump', () => {
  test('raises one alert, up or down', () => {
    expect(alertsOf([...normal, ...each(20, [29, 29, 29, 20])]).alerts).toEqual([[20, 'sudden-jump']]);
    expect(alertsOf([...normal, ...each(20, [11, 11, 20])]).alerts).toEqual([[20, 'sudden-jump']]);
  });

  test('needs enough readings for a mean', () => {
    expect(alertsOf(each(0, [10, 30, 10, 30])).alerts).toEqual([]);
  });

  test('that becomes too hot raises one more alert', () => {
    expect(alertsOf([...normal, ...each(20, [30, 33, 36, 37, 33, 36])]).alerts).toEqual([
      [20, 'sudden-jump'],
      [22, 'too-hot'],
    ]);
  });

  test('that lasts becomes normal', () => {
    const settled = alertsOf([...normal, ...each(20, Array<number>(400).fill(30))]);
    expect(settled.alerts).toEqual([[20, 'sudden-jump']]);
    expect(settled.sensor.mean).toBeCloseTo(30);
    expect(alertsOf([[1_000, 20]], settled.sensor).alerts).toEqual([[1_000, 'sudden-jump']]);
  });

  test('is not a slow rise', () => {
    const climb = Array.from({ length: 140 }, (_, step) => 20 + step / 10);
    expect(alertsOf([...normal, ...each(20, climb)]).alerts).toEqual([]);
  });
});

describe('a late reading', () => {
  test('that is too hot and belongs to no excursion raises an alert', () => {
    const { alerts, sensor } = alertsOf([...normal, [500, 20], [400, 36], [401, 36]]);
    expect(alerts).toEqual([[400, 'too-hot']]);
    expect(sensor).toMatchObject({ latest: 500, mean: 20, excursions: [{ began: 400, ended: 400 }] });
  });

  test('that belongs to an excursion does not', () => {
    expect(alertsOf([...normal, [100, 36], [110, 20], [105, 37], [95, 36], [120, 36]]).alerts).toEqual([
      [100, 'too-hot'],
    ]);
  });

  test('that is too hot makes a jump worse, and leaves it ended', () => {
    const { alerts, sensor } = alertsOf([...normal, [100, 30], [110, 20], [105, 37]]);
    expect(alerts).toEqual([
      [100, 'sudden-jump'],
      [105, 'too-hot'],
    ]);
    expect(sensor.excursions).toEqual([{ began: 100, ended: 110, reason: 'too-hot' }]);
  });

  test('does not change the mean', () => {
    expect(alertsOf([...normal, [100, 20], [50, 30]]).sensor.mean).toBe(20);
  });
});
