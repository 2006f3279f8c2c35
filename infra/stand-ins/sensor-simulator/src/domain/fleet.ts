import { type Location, locations } from './climate.ts';
import type { Random } from './random.ts';
import { type Anomaly, createSensor, disturb, next, type Sensor } from './sensor.ts';

/** What a sensor says of a second. */
export interface Reading {
  readonly sensor_id: number;
  readonly location: Location;
  readonly timestamp: number;
  readonly temperature: number;
  readonly humidity: number;
}

/** All sensors, as many as the rate needs: each reads once a second at most, and in turn. */
export interface Fleet {
  readonly size: () => number;
  /** The readings of the next so many sensors in this second; without those that have read in it already. */
  read(count: number, second: number): Reading[];
  /** Lets a sensor of this place go wrong, that which last did so longest ago; gives its id. */
  disturb(location: Location, kind: Anomaly): number;
  /** From now on there are enough sensors for so many readings a second. */
  resize(rate: number): void;
}

/** Some more than one for each reading of a second, so that a second that seems shorter finds one that is due. */
const spare = 1.25;

export const createFleet = (rate: number, random: Random): Fleet => {
  let sensors: Sensor[] = [];
  const readAt: number[] = [];
  /** By index: the how manieth disturbance was the last one of this sensor. */
  const disturbedAt: number[] = [];
  let disturbances = 0;
  let turn = 0;

  const resize = (perSecond: number): void => {
    const size = Math.ceil((perSecond * spare) / locations.length) * locations.length;
    sensors = Array.from(
      { length: size },
      (_, index) => sensors[index] ?? createSensor(index + 1, placeOf(index)),
    );
    turn %= size;
  };

  resize(rate);
  return {
    size: () => sensors.length,
    resize,
    read: (count, second) => {
      const readings: Reading[] = [];
      for (let taken = 0; taken < Math.min(count, sensors.length); taken += 1) {
        const sensor = sensors[turn];
        if (sensor !== undefined && readAt[turn] !== second) {
          const advanced = next(sensor, random);
          sensors[turn] = advanced;
          readAt[turn] = second;
          readings.push(readingOf(advanced, second));
        }
        turn = (turn + 1) % sensors.length;
      }
      return readings;
    },
    disturb: (location, kind) => {
      let index = locations.indexOf(location);
      for (let other = index; other < sensors.length; other += locations.length) {
        if ((disturbedAt[other] ?? 0) < (disturbedAt[index] ?? 0)) index = other;
      }
      const sensor = sensors[index] ?? createSensor(index + 1, location);
      sensors[index] = disturb(sensor, kind);
      disturbances += 1;
      disturbedAt[index] = disturbances;
      return sensor.id;
    },
  };
};

const placeOf = (index: number): Location => locations[index % locations.length] ?? locations[0];

const readingOf = ({ id, location, temperature, humidity }: Sensor, timestamp: number): Reading => ({
  sensor_id: id,
  location,
  timestamp,
  temperature: round(temperature),
  humidity: round(humidity),
});

const round = (value: number): number => Math.round(value * 10) / 10;
