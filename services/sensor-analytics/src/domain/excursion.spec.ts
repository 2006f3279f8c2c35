import { describe, expect, test } from 'vitest';
import { observe, type Reason, type Sensor, unheard } from './excursion.ts';

const rules = { hotAbove: 35, jumpBy: 8 };

/** Gives when there was an alert, and of what. */
const alertsOf = (
  readings: readonly (readonly [at: number, temperature: number])[],
  from: Sensor = unheard,
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
const calm = each(0, Array<number>(20).fill(20));

describe('too hot', () => {
  test('is one alert for an excursion, however many readings it has', () => {
    expect(alertsOf(each(0, [33, 34, 34.5, 35, 35.1, 36, 37, 38, 36])).alerts).toEqual([[4, 'too-hot']]);
  });

  test('is told of the first reading that anybody ever heard of a sensor', () => {
    const { alerts, sensor } = alertsOf([[5, 36]]);
    expect(alerts).toEqual([[5, 'too-hot']]);
    expect(observe(unheard, { timestamp: 5, temperature: 36 }, rules).alert).toEqual({ reason: 'too-hot' });
    expect(sensor.excursions).toEqual([{ began: 5, reason: 'too-hot' }]);
  });

  test('says what is usual', () => {
    const { sensor } = alertsOf(calm);
    expect(observe(sensor, { timestamp: 50, temperature: 36 }, rules).alert).toEqual({
      reason: 'too-hot',
      usual: 20,
    });
  });

  test('is news again after a silence of more than a minute, whatever went on before it', () => {
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

  test('that flutters around the limit is one excursion', () => {
    expect(alertsOf(each(0, [34, 36, 34, 36, 34, 36])).alerts).toEqual([[1, 'too-hot']]);
  });

  test('that comes again a minute later is another', () => {
    const readings = [...each(0, [34, 36, 34]), [61, 34], [62, 36], [63, 36]] as const;
    expect(alertsOf(readings).alerts).toEqual([
      [1, 'too-hot'],
      [62, 'too-hot'],
    ]);
  });

  test('does not move the mean: coming back to what is usual is no jump', () => {
    const { alerts, sensor } = alertsOf([
      ...calm,
      ...each(20, Array<number>(60).fill(37)),
      ...each(80, [20, 20]),
    ]);
    expect(alerts).toEqual([[20, 'too-hot']]);
    expect(sensor.mean).toBe(20);
    expect(sensor.excursions).toEqual([{ began: 20, ended: 80, reason: 'too-hot' }]);
  });
});

describe('a sudden jump', () => {
  test('is one alert, up or down', () => {
    expect(alertsOf([...calm, ...each(20, [29, 29, 29, 20])]).alerts).toEqual([[20, 'sudden-jump']]);
    expect(alertsOf([...calm, ...each(20, [11, 11, 20])]).alerts).toEqual([[20, 'sudden-jump']]);
  });

  test('needs a mean: nobody knows what is usual of a sensor that was just heard', () => {
    expect(alertsOf(each(0, [10, 30, 10, 30])).alerts).toEqual([]);
  });

  test('that becomes too hot is told again, once', () => {
    expect(alertsOf([...calm, ...each(20, [30, 33, 36, 37, 33, 36])]).alerts).toEqual([
      [20, 'sudden-jump'],
      [22, 'too-hot'],
    ]);
  });

  test('that lasts is the new ordinary', () => {
    const settled = alertsOf([...calm, ...each(20, Array<number>(400).fill(30))]);
    expect(settled.alerts).toEqual([[20, 'sudden-jump']]);
    expect(settled.sensor.mean).toBeCloseTo(30);
    expect(alertsOf([[1_000, 20]], settled.sensor).alerts).toEqual([[1_000, 'sudden-jump']]);
  });

  test('is none when the temperature climbs slowly', () => {
    const climb = Array.from({ length: 140 }, (_, step) => 20 + step / 10);
    expect(alertsOf([...calm, ...each(20, climb)]).alerts).toEqual([]);
  });
});

describe('a late reading', () => {
  test('that is too hot and belongs to no excursion is told', () => {
    const { alerts, sensor } = alertsOf([...calm, [500, 20], [400, 36], [401, 36]]);
    expect(alerts).toEqual([[400, 'too-hot']]);
    expect(sensor).toMatchObject({ latest: 500, mean: 20, excursions: [{ began: 400, ended: 400 }] });
  });

  test('that belongs to an excursion is not', () => {
    expect(alertsOf([...calm, [100, 36], [110, 20], [105, 37], [95, 36], [120, 36]]).alerts).toEqual([
      [100, 'too-hot'],
    ]);
  });

  test('makes a jump that was worse than it seemed worse, and leaves it closed', () => {
    const { alerts, sensor } = alertsOf([...calm, [100, 30], [110, 20], [105, 37]]);
    expect(alerts).toEqual([
      [100, 'sudden-jump'],
      [105, 'too-hot'],
    ]);
    expect(sensor.excursions).toEqual([{ began: 100, ended: 110, reason: 'too-hot' }]);
  });

  test('moves no mean', () => {
    expect(alertsOf([...calm, [100, 20], [50, 30]]).sensor.mean).toBe(20);
  });
});
