/** A sensor that is out of the ordinary, from its first reading that is to the first that is not. Seconds since 1970. */
export interface Excursion {
  readonly began: number;
  /** Absent while it goes on. */
  readonly ended?: number;
  /** The worst of it. */
  readonly reason: Reason;
}

export type Reason = 'sudden-jump' | 'too-hot';

/** What is known of a sensor; `excursions` are those that the readings at hand could belong to. */
export interface Sensor {
  /** The newest reading, in seconds since 1970. */
  readonly latest: number;
  /** The running mean of the ordinary readings. */
  readonly mean: number;
  /** How many of them there were, up to `meanOver`. */
  readonly heard: number;
  readonly excursions: readonly Excursion[];
}

export interface Rules {
  /** Above it a temperature is too hot. */
  readonly hotAbove: number;
  /** Farther than this from the mean it has jumped. */
  readonly jumpBy: number;
}

interface Measured {
  readonly timestamp: number;
  readonly temperature: number;
}

/** What a reading makes of a sensor; with an alert where it begins an excursion, or makes one worse. */
export interface Observation {
  readonly sensor: Sensor;
  readonly alert?: { readonly reason: Reason; readonly usual?: number };
}

/** The mean is one of all readings at first, and then one that forgets: each reading moves it by a twentieth. */
const meanOver = 20;
/** Before so many readings nobody knows what is usual. */
const leastHeard = 5;
/** Excursions with less than so many seconds between them are one: a value that flutters around a limit is no news. */
const gapSeconds = 60;
/** A jump that lasts so long is the new ordinary. */
const settleSeconds = 300;

export const unheard: Sensor = { latest: -1, mean: 0, heard: 0, excursions: [] };

/** How long before a reading an excursion may have ended that the reading belongs to. */
export const reach = gapSeconds;

/**
 * Readings come in any order. One that is newer than all before it moves the sensor's state; a late one does not, but when it
 * is too hot and belongs to no excursion that is known, it is one of its own.
 */
export const observe = (sensor: Sensor, reading: Measured, rules: Rules): Observation =>
  reading.timestamp > sensor.latest ? advance(sensor, reading, rules) : catchUp(sensor, reading, rules);

const advance = (before: Sensor, { timestamp, temperature }: Measured, rules: Rules): Observation => {
  // A silence that is longer ends what went on before it.
  const wasSilent = timestamp - before.latest > gapSeconds;
  const sensor = { ...(wasSilent ? end(before, before.latest) : before), latest: timestamp };
  const current = excursionAt(sensor, timestamp);
  const reason = reasonOf(sensor, temperature, rules);
  if (reason === undefined) return { sensor: learn(end(sensor, timestamp), temperature) };
  if (current === undefined) return begin(sensor, { began: timestamp, reason });
  if (isWorse(reason, current.reason)) return worsen(sensor, current, { ...resumed(current), reason });
  const hasSettled = reason === 'sudden-jump' && timestamp - current.began > settleSeconds;
  if (hasSettled) return { sensor: { ...end(sensor, timestamp), mean: temperature, heard: leastHeard } };
  return { sensor: replace(sensor, current, resumed(current)) };
};

const catchUp = (sensor: Sensor, { timestamp, temperature }: Measured, { hotAbove }: Rules): Observation => {
  if (temperature <= hotAbove) return { sensor };
  const known = excursionAt(sensor, timestamp);
  if (known === undefined) return begin(sensor, { began: timestamp, ended: timestamp, reason: 'too-hot' });
  return isWorse('too-hot', known.reason)
    ? worsen(sensor, known, { ...known, reason: 'too-hot' })
    : { sensor };
};

const reasonOf = (
  { mean, heard }: Sensor,
  temperature: number,
  { hotAbove, jumpBy }: Rules,
): Reason | undefined => {
  if (temperature > hotAbove) return 'too-hot';
  return heard >= leastHeard && Math.abs(temperature - mean) > jumpBy ? 'sudden-jump' : undefined;
};

const excursionAt = ({ excursions }: Sensor, timestamp: number): Excursion | undefined =>
  excursions.findLast(
    ({ began, ended }) =>
      began - gapSeconds < timestamp && (ended === undefined || timestamp < ended + gapSeconds),
  );

const isWorse = (reason: Reason, than: Reason): boolean => reason === 'too-hot' && than !== 'too-hot';

const begin = (sensor: Sensor, excursion: Excursion): Observation => ({
  sensor: { ...sensor, excursions: [...sensor.excursions, excursion] },
  alert: alertOf(sensor, excursion.reason),
});

const worsen = (sensor: Sensor, before: Excursion, after: Excursion): Observation => ({
  sensor: replace(sensor, before, after),
  alert: alertOf(sensor, after.reason),
});

const alertOf = ({ mean, heard }: Sensor, reason: Reason) =>
  heard >= leastHeard ? { reason, usual: mean } : { reason };

/** It goes on. */
const resumed = ({ began, reason }: Excursion): Excursion => ({ began, reason });

const end = (sensor: Sensor, timestamp: number): Sensor => {
  const open = sensor.excursions.find(({ ended }) => ended === undefined);
  return open === undefined ? sensor : replace(sensor, open, { ...open, ended: timestamp });
};

const replace = (sensor: Sensor, before: Excursion, after: Excursion): Sensor => ({
  ...sensor,
  excursions: sensor.excursions.map((each) => (each === before ? after : each)),
});

const learn = (sensor: Sensor, temperature: number): Sensor => {
  const heard = Math.min(meanOver, sensor.heard + 1);
  return { ...sensor, heard, mean: sensor.mean + (temperature - sensor.mean) / heard };
};
