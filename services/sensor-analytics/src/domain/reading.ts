import type { Data, sensorData } from '@emporium/contracts';

/** A reading that counts. */
export interface Reading {
  readonly sensorId: number;
  readonly location: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Relative, 0 to 100 percent. Absent when the sensor reported none that is valid. */
  readonly humidity?: number;
}

/** What can be wrong with a reading that is not malformed. */
export const flags = [
  /** Its time is further in the future than `maxAheadSeconds`: it is not counted. */
  'clock-ahead',
  /** Its time is further in the past than `maxAgeSeconds`, as from a clock that was never set: it is not counted. */
  'clock-behind',
  /** Slightly outside of 0 to 100 percent, as wet, dry and ageing sensors report: it counts as 0 or 100. */
  'humidity-out-of-range',
  /** No valid humidity: the rest counts. */
  'humidity-missing',
  /** No valid location: it counts under `unknown`. */
  'location-missing',
] as const;

export type Flag = (typeof flags)[number];

/** How far from now the time of a reading may be. */
export interface TimeLimits {
  readonly maxAheadSeconds: number;
  readonly maxAgeSeconds: number;
}

export interface CheckedReading {
  /** Absent when its time is beyond the limits. */
  readonly reading?: Reading;
  readonly flags: readonly Flag[];
}

/** Flags invalid fields. Only an invalid time discards the reading; the other fields are replaced or left out. */
export const checkReading = (
  data: Data<typeof sensorData>,
  nowSeconds: number,
  limits: TimeLimits,
): CheckedReading => {
  const { sensor_id: sensorId, timestamp, temperature } = data;
  if (timestamp > nowSeconds + limits.maxAheadSeconds) return { flags: ['clock-ahead'] };
  if (timestamp < nowSeconds - limits.maxAgeSeconds) return { flags: ['clock-behind'] };
  const [location, ...locationFlags] = locationOf(data.location);
  const [humidity, ...humidityFlags] = humidityOf(data.humidity);
  return {
    reading: { sensorId, location, timestamp, temperature, ...(humidity === undefined ? {} : { humidity }) },
    flags: [...locationFlags, ...humidityFlags],
  };
};

const locationOf = (given: unknown): [string, ...Flag[]] =>
  typeof given === 'string' && /^\P{Cc}{1,100}$/u.test(given) ? [given] : ['unknown', 'location-missing'];

/** What sensors report in dry and in condensing air; their manufacturers say to clip it to 0 and 100 percent. */
const tolerated = { min: -6, max: 120 };

const humidityOf = (given: unknown): [number | undefined, ...Flag[]] => {
  if (typeof given !== 'number' || Number.isNaN(given) || given < tolerated.min || given > tolerated.max) {
    return [undefined, 'humidity-missing'];
  }
  const clipped = Math.min(100, Math.max(0, given));
  return clipped === given ? [given] : [clipped, 'humidity-out-of-range'];
};
