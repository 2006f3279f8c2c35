import { climates, type Location } from './climate.ts';
import { deviate, type Random } from './random.ts';

/** What can go wrong: the cooling fails and it gets warmer and warmer, or somebody leaves the door to the oven open. */
export type Anomaly = 'heating' | 'jump';

export const anomalies = ['heating', 'jump'] as const satisfies readonly Anomaly[];

export interface Sensor {
  readonly id: number;
  readonly location: Location;
  readonly temperature: number;
  readonly humidity: number;
  readonly anomaly?: { readonly kind: Anomaly; readonly readingsLeft: number };
}

/** What the sensors can measure. */
const range = { temperature: [10, 40], humidity: [30, 80] } as const;

/** How far a reading may be from the one before, about, and how strongly it is drawn back to what is usual. */
const temperatureStep = 0.15;
const humidityStep = 0.4;
const pull = 0.05;

const anomalyReadings = 20;
const heatingStep = 2;
const overheated = 38;
const jumpBy = 11;

export const createSensor = (id: number, location: Location): Sensor => ({
  id,
  location,
  ...climates[location],
});

/** One that has an anomaly already goes on with it for as long again. */
export const disturb = (sensor: Sensor, kind: Anomaly): Sensor => {
  const anomaly = { kind: sensor.anomaly?.kind ?? kind, readingsLeft: anomalyReadings };
  const jumps = sensor.anomaly === undefined && kind === 'jump';
  return { ...sensor, anomaly, ...(jumps ? { temperature: sensor.temperature + jumpBy } : {}) };
};

/** The sensor at its next reading: a walk that is drawn back to the climate of its place, or that of its anomaly. */
export const next = (sensor: Sensor, random: Random): Sensor => {
  const { id, location, humidity, anomaly } = sensor;
  const usual = climates[location];
  const readingsLeft = (anomaly?.readingsLeft ?? 0) - 1;
  return {
    id,
    location,
    temperature: within(range.temperature, nextTemperature(sensor, random)),
    humidity: within(
      range.humidity,
      humidity + pull * (usual.humidity - humidity) + humidityStep * deviate(random),
    ),
    ...(anomaly !== undefined && readingsLeft > 0 ? { anomaly: { ...anomaly, readingsLeft } } : {}),
  };
};

const nextTemperature = ({ location, temperature, anomaly }: Sensor, random: Random): number => {
  const usual = climates[location].temperature;
  const noise = temperatureStep * deviate(random);
  if (anomaly?.kind === 'heating') return Math.min(overheated, temperature + heatingStep) + noise;
  if (anomaly?.kind === 'jump') return anomaly.readingsLeft === 1 ? usual + noise : temperature + noise;
  // After an overheating it cools down as it warmed up.
  const back = Math.max(-heatingStep, Math.min(heatingStep, usual - temperature));
  return (
    temperature + (Math.abs(usual - temperature) > heatingStep ? back : pull * (usual - temperature)) + noise
  );
};

const within = ([least, most]: readonly [number, number], value: number): number =>
  Math.min(most, Math.max(least, value));
