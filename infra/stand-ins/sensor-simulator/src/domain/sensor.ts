import { climates, type Location } from './climate.ts';
import { deviate, type Random } from './random.ts';

/** `heating` is a gradual rise, as when the cooling fails; `jump` is a sudden one, as when an oven is opened. */
export type Anomaly = 'heating' | 'jump';

export const anomalies = ['heating', 'jump'] as const satisfies readonly Anomaly[];

export interface Sensor {
  readonly id: number;
  readonly location: Location;
  readonly temperature: number;
  readonly humidity: number;
  readonly anomaly?: { readonly kind: Anomaly; readonly readingsLeft: number };
}

/** The range of measurement. */
const range = { temperature: [10, 40], humidity: [30, 80] } as const;

/** The standard deviation between two readings, and the share of the distance to the normal value that each reading reverts. */
const temperatureDeviation = 0.15;
const humidityDeviation = 0.4;
const reversion = 0.05;

const anomalyReadings = 20;
const heatingStep = 2;
const maxHeating = 38;
const jumpBy = 11;

export const createSensor = (id: number, location: Location): Sensor => ({
  id,
  location,
  ...climates[location],
});

/** An anomaly that the sensor already has is prolonged. */
export const startAnomaly = (sensor: Sensor, kind: Anomaly): Sensor => {
  const anomaly = { kind: sensor.anomaly?.kind ?? kind, readingsLeft: anomalyReadings };
  const jumps = sensor.anomaly === undefined && kind === 'jump';
  return { ...sensor, anomaly, ...(jumps ? { temperature: sensor.temperature + jumpBy } : {}) };
};

/** The sensor at its next reading: a random walk that reverts to the climate of its location, or follows its anomaly. */
export const next = (sensor: Sensor, random: Random): Sensor => {
  const { id, location, humidity, anomaly } = sensor;
  const normal = climates[location];
  const readingsLeft = (anomaly?.readingsLeft ?? 0) - 1;
  return {
    id,
    location,
    temperature: clamp(range.temperature, nextTemperature(sensor, random)),
    humidity: clamp(
      range.humidity,
      humidity + reversion * (normal.humidity - humidity) + humidityDeviation * deviate(random),
    ),
    ...(anomaly !== undefined && readingsLeft > 0 ? { anomaly: { ...anomaly, readingsLeft } } : {}),
  };
};

const nextTemperature = ({ location, temperature, anomaly }: Sensor, random: Random): number => {
  const normal = climates[location].temperature;
  const noise = temperatureDeviation * deviate(random);
  if (anomaly?.kind === 'heating') return Math.min(maxHeating, temperature + heatingStep) + noise;
  if (anomaly?.kind === 'jump') return anomaly.readingsLeft === 1 ? normal + noise : temperature + noise;
  // After an anomaly it cools down as fast as it heated up.
  const back = Math.max(-heatingStep, Math.min(heatingStep, normal - temperature));
  return (
    temperature +
    (Math.abs(normal - temperature) > heatingStep ? back : reversion * (normal - temperature)) +
    noise
  );
};

const clamp = ([min, max]: readonly [number, number], value: number): number =>
  Math.min(max, Math.max(min, value));
