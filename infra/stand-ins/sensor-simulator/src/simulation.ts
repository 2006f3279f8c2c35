import { type Location, locations } from './domain/climate.ts';
import { createFleet, type Reading } from './domain/fleet.ts';
import type { Random } from './domain/random.ts';
import { type Anomaly, anomalies } from './domain/sensor.ts';

/** The sensors and their rate over time. */
export interface Simulation {
  readonly sensors: () => number;
  readonly rate: () => number;
  /** The readings that are due since the last call. */
  read(now: Date): Reading[];
  setRate(perSecond: number): void;
  /** Returns the id of the affected sensor. */
  startAnomaly(location: Location, kind: Anomaly): number;
}

interface SimulationOptions {
  readonly rate: number;
  readonly anomalyIntervalMs: number;
  readonly random: Random;
}

/** After a longer stall of the process, in seconds, readings are left out rather than sent at once. */
const maxGap = 0.5;

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
    startAnomaly: fleet.startAnomaly,
    read: (now) => {
      const seconds = Math.min(maxGap, Math.max(0, (now.getTime() - (last ?? now.getTime())) / 1_000));
      last = now.getTime();
      const isAnomalyDue = anomalyIntervalMs > 0 && random() < (seconds * 1_000) / anomalyIntervalMs;
      if (isAnomalyDue) fleet.startAnomaly(pick(locations), pick(anomalies));
      due += rate * seconds;
      const count = Math.floor(due);
      due -= count;
      return fleet.read(count, Math.floor(now.getTime() / 1_000));
    },
  };
};
