import { type Location, locations } from './climate.ts';
import type { Random } from './random.ts';
import { type Anomaly, createSensor, next, type Sensor, startAnomaly } from './sensor.ts';

export interface Reading {
  readonly sensor_id: number;
  readonly location: Location;
  readonly timestamp: number;
  readonly temperature: number;
  readonly humidity: number;
}

/** As many sensors as the rate needs. They report in turn, each at most once a second. */
export interface Fleet {
  readonly size: () => number;
  /** The readings of the next `count` sensors, without those that have already reported in this second. */
  read(count: number, second: number): Reading[];
  /** Starts an anomaly in the sensor of this location whose last one is longest ago. Returns the id of the sensor. */
  startAnomaly(location: Location, kind: Anomaly): number;
  /** Adds or removes sensors for a new number of readings per second. */
  resize(rate: number): void;
}

/** Sensors per reading and second: ticks are irregular, and some seconds need more readings than others. */
const spare = 1.25;

export const createFleet = (rate: number, random: Random): Fleet => {
  let sensors: Sensor[] = [];
  const readAt: number[] = [];
  /** By index: the number of the last anomaly of this sensor. */
  const lastAnomaly: number[] = [];
  let anomalies = 0;
  let turn = 0;

  const resize = (perSecond: number): void => {
    const size = Math.ceil((perSecond * spare) / locations.length) * locations.length;
    sensors = Array.from(
      { length: size },
      (_, index) => sensors[index] ?? createSensor(index + 1, locationOf(index)),
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
    startAnomaly: (location, kind) => {
      let index = locations.indexOf(location);
      for (let other = index; other < sensors.length; other += locations.length) {
        if ((lastAnomaly[other] ?? 0) < (lastAnomaly[index] ?? 0)) index = other;
      }
      const sensor = sensors[index] ?? createSensor(index + 1, location);
      sensors[index] = startAnomaly(sensor, kind);
      anomalies += 1;
      lastAnomaly[index] = anomalies;
      return sensor.id;
    },
  };
};

const locationOf = (index: number): Location => locations[index % locations.length] ?? locations[0];

const readingOf = ({ id, location, temperature, humidity }: Sensor, timestamp: number): Reading => ({
  sensor_id: id,
  location,
  timestamp,
  temperature: round(temperature),
  humidity: round(humidity),
});

const round = (value: number): number => Math.round(value * 10) / 10;
