import type { Selectable } from 'kysely';
import { z } from 'zod';
import { flags } from './domain/reading.ts';
import type { Alert } from './store/alerts.ts';
import type { FlaggedReadingTable, ReadingWindowTable } from './store/tables.ts';

const range = z.object({ min: z.number(), max: z.number(), mean: z.number() });

export const window = z.object({
  start: z.string(),
  seconds: z.int(),
  readings: z.int(),
  temperature: range,
  /** Absent when no reading of the window had one. */
  humidity: range.optional(),
});

export const windowView = (row: ReadingWindowTable): z.output<typeof window> => ({
  start: row.start.toISOString(),
  seconds: row.seconds,
  readings: row.readings,
  temperature: rangeOf(row.temperature_min, row.temperature_max, row.temperature_sum / row.readings),
  ...humidityOf(row),
});

const humidityOf = ({
  readings,
  humidity_min: min,
  humidity_max: max,
  humidity_sum: sum,
  humidity_missing: missing,
}: ReadingWindowTable) =>
  min === null || max === null ? {} : { humidity: rangeOf(min, max, sum / (readings - missing)) };

/** Rounds the mean to thousandths: readings have tenths, so further digits mean nothing. */
const rangeOf = (min: number, max: number, mean: number) => ({
  min,
  max,
  mean: Math.round(mean * 1_000) / 1_000,
});

export const alert = z.object({
  alertId: z.string(),
  sensorId: z.string(),
  location: z.string(),
  reason: z.enum(['too-hot', 'sudden-jump']),
  temperature: z.number(),
  usual: z.number().optional(),
  at: z.string(),
});

export const alertView = ({
  id,
  sensor_id,
  location,
  reason,
  temperature,
  usual,
  at,
}: Alert): z.output<typeof alert> => ({
  alertId: id,
  sensorId: String(sensor_id),
  location,
  reason,
  temperature,
  ...(usual === null ? {} : { usual }),
  at: at.toISOString(),
});

export const flaggedReadings = z.object({
  sensorId: z.string(),
  flag: z.enum(flags),
  readings: z.int(),
  /** The value of the flagged field, a timestamp or a humidity. Absent when it was not a number. */
  lastValue: z.number().optional(),
  firstAt: z.string(),
  lastAt: z.string(),
});

export const flaggedView = ({
  sensor_id,
  flag,
  readings,
  last_value,
  first_at,
  last_at,
}: Selectable<FlaggedReadingTable>): z.output<typeof flaggedReadings> => ({
  sensorId: String(sensor_id),
  flag,
  readings,
  ...(last_value === null ? {} : { lastValue: last_value }),
  firstAt: first_at.toISOString(),
  lastAt: last_at.toISOString(),
});
