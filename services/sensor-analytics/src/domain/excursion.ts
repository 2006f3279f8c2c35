/** A period in which a sensor reported abnormal temperatures. Times are in seconds since 1970. */
export interface Excursion {
  readonly began: number;
  /** The time of the first normal reading; absent while the excursion goes on. */
  readonly ended?: number;
  /** The worst reason so far. */
  readonly reason: Reason;
}

export type Reason = 'sudden-jump' | 'too-hot';

export interface Sensor {
  /** The time of the newest reading, in seconds since 1970. */
  readonly latest: number;
  /** The running mean of the normal readings. */
  readonly mean: number;
  /** The number of normal readings in the mean, up to `maxSamples`. */
  readonly samples: number;
  /** Those that the readings of the current group could belong to. */
  readonly excursions: readonly Excursion[];
}

export interface Rules {
  /** Above this temperature a reading is too hot. */
  readonly hotAbove: number;
  /** A reading that differs more than this from the mean is a jump. */
  readonly jumpBy: number;
}

interface Measurement {
  readonly timestamp: number;
  readonly temperature: number;
}

/** The new state of a sensor, with an alert when an excursion began or became worse. */
export interface Observation {
  readonly sensor: Sensor;
  readonly alert?: { readonly reason: Reason; readonly usual?: number };
}

/** After this many samples the mean becomes an exponential moving average with a weight of 1/20. */
const maxSamples = 20;
/** With fewer samples there is no jump, since the mean means little. */
const minSamples = 5;
/** Excursions with less than this between them are one, so that a value around a limit raises one alert. */
export const gapSeconds = 60;
/** A jump that lasts longer becomes normal. */
const settleSeconds = 300;

export const newSensor: Sensor = { latest: -1, mean: 0, samples: 0, excursions: [] };

/**
 * Readings may arrive in any order. The newest so far changes the state of the sensor. A late one does not, but if it is too hot
 * and belongs to no known excursion, it is an excursion of its own.
 */
export const observe = (sensor: Sensor, reading: Measurement, rules: Rules): Observation =>
  reading.timestamp > sensor.latest
    ? observeNewest(sensor, reading, rules)
    : observeLate(sensor, reading, rules);

const observeNewest = (
  before: Sensor,
  { timestamp, temperature }: Measurement,
  rules: Rules,
): Observation => {
  // A gap without readings ends an excursion.
  const hasGap = timestamp - before.latest > gapSeconds;
  const sensor = { ...(hasGap ? end(before, before.latest) : before), latest: timestamp };
  const current = excursionAt(sensor, timestamp);
  const reason = reasonOf(sensor, temperature, rules);
  if (reason === undefined) return { sensor: addSample(end(sensor, timestamp), temperature) };
  if (current === undefined) return begin(sensor, { began: timestamp, reason });
  if (isWorse(reason, current.reason)) return worsen(sensor, current, { ...reopened(current), reason });
  const hasSettled = reason === 'sudden-jump' && timestamp - current.began > settleSeconds;
  if (hasSettled) return { sensor: { ...end(sensor, timestamp), mean: temperature, samples: minSamples } };
  return { sensor: replace(sensor, current, reopened(current)) };
};

const observeLate = (
  sensor: Sensor,
  { timestamp, temperature }: Measurement,
  { hotAbove }: Rules,
): Observation => {
  if (temperature <= hotAbove) return { sensor };
  const known = excursionAt(sensor, timestamp);
  if (known === undefined) return begin(sensor, { began: timestamp, ended: timestamp, reason: 'too-hot' });
  return isWorse('too-hot', known.reason)
    ? worsen(sensor, known, { ...known, reason: 'too-hot' })
    : { sensor };
};

const reasonOf = (
  { mean, samples }: Sensor,
  temperature: number,
  { hotAbove, jumpBy }: Rules,
): Reason | undefined => {
  if (temperature > hotAbove) return 'too-hot';
  return samples >= minSamples && Math.abs(temperature - mean) > jumpBy ? 'sudden-jump' : undefined;
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

const alertOf = ({ mean, samples }: Sensor, reason: Reason) =>
  samples >= minSamples ? { reason, usual: mean } : { reason };

const reopened = ({ began, reason }: Excursion): Excursion => ({ began, reason });

const end = (sensor: Sensor, timestamp: number): Sensor => {
  const open = sensor.excursions.find(({ ended }) => ended === undefined);
  return open === undefined ? sensor : replace(sensor, open, { ...open, ended: timestamp });
};

const replace = (sensor: Sensor, before: Excursion, after: Excursion): Sensor => ({
  ...sensor,
  excursions: sensor.excursions.map((each) => (each === before ? after : each)),
});

const addSample = (sensor: Sensor, temperature: number): Sensor => {
  const samples = Math.min(maxSamples, sensor.samples + 1);
  return { ...sensor, samples, mean: sensor.mean + (temperature - sensor.mean) / samples };
};
