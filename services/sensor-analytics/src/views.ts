import { z } from 'zod';
import type { Alert } from './store/alerts.ts';
import type { ReadingWindowTable } from './store/tables.ts';

const range = z.object({ min: z.number(), max: z.number(), mean: z.number() });

/** A window as people and programs see it. */
export const window = z.object({
  start: z.string(),
  seconds: z.int(),
  readings: z.int(),
  temperature: range,
  humidity: range,
});

export const windowView = (row: ReadingWindowTable): z.output<typeof window> => ({
  start: row.start.toISOString(),
  seconds: row.seconds,
  readings: row.readings,
  temperature: rangeOf(row.temperature_min, row.temperature_max, row.temperature_sum / row.readings),
  humidity: rangeOf(row.humidity_min, row.humidity_max, row.humidity_sum / row.readings),
});

/** A mean to a thousandth: what a sum of tenths divided by a count has behind it says nothing. */
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
