import { createStreamMessage, type Message, type OutgoingMessage, readMessage } from '@emporium/bus';
import { type Input, sensorData, shop } from '@emporium/contracts';

export type Reading = Input<typeof sensorData>;

/** The beginning of an hour a week ago. */
export const start = Math.floor(Date.now() / 3_600_000) * 3_600 - 7 * 86_400;

export const reading = (change: Partial<Reading> = {}): Reading => ({
  ...{ sensor_id: 1, location: 'Tokyo', timestamp: start, temperature: 20, humidity: 50 },
  ...change,
});

export const outgoing = (value: Reading): OutgoingMessage => createStreamMessage(sensorData, value);
export const arriving = (body: Uint8Array): Message => readMessage(shop, new Set([sensorData]), body);

const locations = ['London', 'New York', 'Tokyo', 'Sydney', 'Dubai'];

/**
 * Readings of fifty sensors in five locations, each sensor once a second, with values that are not exact in binary. Sensor 5 in
 * Dubai is too hot for a while. Deterministic.
 */
export const manyReadings = (count: number): Reading[] =>
  Array.from({ length: count }, (_, index) => {
    const [sensor, second] = [(index % 50) + 1, Math.floor(index / 50)];
    const isHot = sensor === 5 && second >= 20 && second < 50;
    return reading({
      sensor_id: sensor,
      location: locations[(sensor - 1) % locations.length] ?? '',
      timestamp: start + second,
      temperature: isHot ? 36.1 : Math.round(200 + 7 * Math.sin(index)) / 10,
      humidity: Math.round(500 + 90 * Math.cos(index)) / 10,
    });
  });

export interface Window {
  readonly location: string;
  readonly start: number;
  readonly readings: number;
  readonly temperature: readonly [min: number, max: number, sum: number];
  readonly humidity: readonly [min: number, max: number, sum: number];
}

/** The expected windows, added up in tenths, which are exact. */
export const windowsOf = (readings: readonly Reading[], seconds: number): Window[] => {
  const groups = Map.groupBy(
    readings,
    ({ location, timestamp }) => `${location}\n${timestamp - (timestamp % seconds)}`,
  );
  return [...groups]
    .map(([key, group]) => {
      const [location = '', first] = key.split('\n');
      const range = (values: number[]): [number, number, number] => [
        Math.min(...values),
        Math.max(...values),
        values.reduce((sum, value) => sum + Math.round(value * 10), 0) / 10,
      ];
      return {
        location,
        start: Number(first),
        readings: group.length,
        temperature: range(group.map(({ temperature }) => temperature)),
        humidity: range(group.map(({ humidity }) => humidity)),
      };
    })
    .toSorted(byLocationAndTime);
};

export const byLocationAndTime = (one: Window, other: Window): number =>
  one.location < other.location ? -1 : one.location > other.location ? 1 : one.start - other.start;

/** In another order. Deterministic. */
export const shuffled = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item, index) => ({ item, at: Math.sin(index * 7919) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
