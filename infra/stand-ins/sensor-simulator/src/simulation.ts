import { type Location, locations } from './domain/climate.ts';
import { createFleet, type Reading } from './domain/fleet.ts';
import type { Random } from './domain/random.ts';
import { type Anomaly, anomalies } from './domain/sensor.ts';

/** The sensors over time. */
export interface Simulation {
  readonly sensors: () => number;
  readonly rate: () => number;
  /** What is due since the last call. */
  read(now: Date): Reading[];
  setRate(perSecond: number): void;
  /** Gives the id of the sensor that goes wrong. */
  disturb(location: Location, kind: Anomaly): number;
}

interface SimulationOptions {
  readonly rate: number;
  readonly anomalyIntervalMs: number;
  readonly random: Random;
}

/** What a process that was stalled does not make up for, in seconds. */
const longestGap = 0.5;

export const createSimulation = ({
  rate: first,
  anomalyIntervalMs,
  random,
}: SimulationOptions): Simulation => {
  const fleet = createFleet(first, random);
  let rate = first;
  let last: number | undefined;
  let due = 0;

  const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(random() * items.length)] ?? items[0];

  return {
    sensors: fleet.size,
    rate: () => rate,
    setRate: (perSecond) => {
      rate = perSecond;
      fleet.resize(perSecond);
    },
    disturb: fleet.disturb,
    read: (now) => {
      const seconds = Math.min(longestGap, Math.max(0, (now.getTime() - (last ?? now.getTime())) / 1_000));
      last = now.getTime();
      const isAnomalous = anomalyIntervalMs > 0 && random() < (seconds * 1_000) / anomalyIntervalMs;
      if (isAnomalous) fleet.disturb(pick(locations), pick(anomalies));
      due += rate * seconds;
      const count = Math.floor(due);
      due -= count;
      return fleet.read(count, Math.floor(now.getTime() / 1_000));
    },
  };
};
