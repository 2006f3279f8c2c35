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

/** What the readings of one place add up to, in one stretch of event time. */
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
  /** Seconds since 1970, as the stream has them. */
  latest: number;
  mean: number;
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
  /** A UUIDv7: later alerts have greater ones. */
  id: string;
  sensor_id: number;
  location: string;
  reason: Reason;
  temperature: number;
  usual: number | null;
  /** Of the reading. */
  at: Date;
  raised_at: Date;
}

/** What could not be read; its bytes are the dead letter's. Unique on the id and the position together. */
export interface MalformedReadingTable {
  id: string;
  position: string;
  code: string;
  message: string;
  at: ColumnType<Date, Date | undefined, never>;
}

/** What was wrong with readings that could be read: a row for each sensor and flag. */
export interface FlaggedReadingTable {
  sensor_id: number;
  flag: Flag;
  /** How many. */
  readings: number;
  /** Of the field that the flag is about, in the last of them; null where it is not a number. */
  last_value: number | null;
  first_at: Date;
  last_at: Date;
}
