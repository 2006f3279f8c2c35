import type { ColumnType } from 'kysely';
import type { Reason } from '../domain/excursion.ts';
import type { Flag } from '../domain/reading.ts';

export interface Tables {
  reading_window: ReadingWindowTable;
  sensor: SensorTable;
  excursion: ExcursionTable;
  alert: AlertTable;
  malformed_reading: MalformedReadingTable;
  flagged_reading: FlaggedReadingTable;
}

/** The aggregate of the readings of one location in one window of event time. */
export interface ReadingWindowTable {
  seconds: number;
  location: string;
  start: Date;
  readings: number;
  temperature_min: number;
  temperature_max: number;
  temperature_sum: number;
  /** Null when none of the readings had a humidity. */
  humidity_min: number | null;
  humidity_max: number | null;
  humidity_sum: number;
  /** The readings without a humidity. */
  humidity_missing: number;
  updated_at: Date;
}

export interface SensorTable {
  id: number;
  /** In seconds since 1970, like the readings. */
  latest: number;
  mean: number;
  /** The number of samples in the mean. */
  heard: number;
  updated_at: Date;
}

export interface ExcursionTable {
  sensor_id: number;
  began: number;
  /** Null while it goes on. */
  ended: number | null;
  reason: Reason;
  updated_at: Date;
}

export interface AlertTable {
  /** A UUIDv7, so that alerts are sorted by time. */
  id: string;
  sensor_id: number;
  location: string;
  reason: Reason;
  temperature: number;
  usual: number | null;
  /** The time of the reading. */
  at: Date;
  raised_at: Date;
}

/** A message that is not a valid reading, unique on `id` and `position`. The dead letter has its bytes. */
export interface MalformedReadingTable {
  id: string;
  position: string;
  code: string;
  message: string;
  at: ColumnType<Date, Date | undefined, never>;
}

/** The readings of one sensor that had one flag. */
export interface FlaggedReadingTable {
  sensor_id: number;
  flag: Flag;
  /** The number of readings. */
  readings: number;
  /** The value of the flagged field in the last of them; null when it was not a number. */
  last_value: number | null;
  first_at: Date;
  last_at: Date;
}
