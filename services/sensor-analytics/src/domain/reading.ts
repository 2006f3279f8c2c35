import type { Data, sensorData } from '@emporium/contracts';

/** A reading as this service believes it. */
export interface Reading {
  readonly sensorId: number;
  readonly location: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Relative, 0 to 100 percent. Absent when the sensor said nothing that could be one. */
  readonly humidity?: number;
}

/** What is wrong with a reading that is a reading nevertheless. */
export const flags = [
  /** Its time is farther in the future than clocks differ: it is not counted. */
  'clock-ahead',
  /** Its time is older than anything that is still of interest, as of a clock that was never set: it is not counted. */
  'clock-behind',
  /** A little beyond 0 to 100 percent, as wet, dry and ageing sensors say: it counts as 0 or 100. */
  'humidity-out-of-range',
  /** No humidity, or none that air can have: the rest counts. */
  'humidity-missing',
  /** No location, or none that can be shown: it counts under `unknown`. */
  'location-missing',
] as const;

export type Flag = (typeof flags)[number];

/** How far the time of a reading may be from now. */
export interface Believable {
  readonly aheadSeconds: number;
  readonly ageSeconds: number;
}

export interface Judgement {
  /** Absent when its time cannot be believed. */
  readonly reading?: Reading;
  readonly flags: readonly Flag[];
}

/** A wrong field is flagged, and hides no other; a wrong time hides all, since a reading is nothing without it. */
export const judge = (data: Data<typeof sensorData>, nowSeconds: number, bounds: Believable): Judgement => {
  const { sensor_id: sensorId, timestamp, temperature } = data;
  if (timestamp > nowSeconds + bounds.aheadSeconds) return { flags: ['clock-ahead'] };
  if (timestamp < nowSeconds - bounds.ageSeconds) return { flags: ['clock-behind'] };
  const [location, ...unplaced] = locationOf(data.location);
  const [humidity, ...odd] = humidityOf(data.humidity);
  return {
    reading: { sensorId, location, timestamp, temperature, ...(humidity === undefined ? {} : { humidity }) },
    flags: [...unplaced, ...odd],
  };
};

const locationOf = (given: unknown): [string, ...Flag[]] =>
  typeof given === 'string' && /^\P{Cc}{1,100}$/u.test(given) ? [given] : ['unknown', 'location-missing'];

/** What humidity sensors report of dry and of condensing air, which their makers say to crop to 0 and 100 percent. */
const reported = { least: -6, most: 120 };

const humidityOf = (given: unknown): [number | undefined, ...Flag[]] => {
  if (typeof given !== 'number' || Number.isNaN(given) || given < reported.least || given > reported.most) {
    return [undefined, 'humidity-missing'];
  }
  const cropped = Math.min(100, Math.max(0, given));
  return cropped === given ? [given] : [cropped, 'humidity-out-of-range'];
};
