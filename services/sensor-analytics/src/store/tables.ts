import type { ColumnType } from 'kysely';
import type { Reason } from '../domain/excursion.ts';

export interface Tables {
  reading_window: ReadingWindowTable;
  sensor: SensorTable;
  excursion: ExcursionTable;
  alert: AlertTable;
  malformed_reading: MalformedReadingTable;
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
  humidity_min: number;
  humidity_max: number;
  humidity_sum: number;
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

/** What could not be read; its bytes are the dead letter's. */
export interface MalformedReadingTable {
  id: string;
  position: string | null;
  code: string;
  message: string;
  at: ColumnType<Date, Date | undefined, never>;
}
