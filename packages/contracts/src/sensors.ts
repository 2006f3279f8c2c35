import { z } from 'zod';
import { id } from './common.ts';
import { event, stream } from './define.ts';

/** Where a sensor hangs: a name for people, without control characters. */
const location = z.string().regex(/^\P{Cc}{1,100}$/u, '1 to 100 characters, no control characters');

/** Of air in a warehouse, in degrees Celsius. What is beyond is a broken sensor. */
const temperature = z
  .number('must be a number of degrees Celsius')
  .min(-100, 'must be -100 degrees Celsius or more')
  .max(200, 'must be 200 degrees Celsius or less');

const latest = 253_402_300_799;

/** Names the unit that a timestamp of about now is in, where it is not seconds. */
const tooLate = ({ input }: { readonly input?: unknown }): string => {
  const units = { milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 };
  const unit = Object.entries(units).find(([, factor]) => Number(input) / factor <= latest)?.[0];
  return unit === undefined
    ? 'must be in seconds since 1970, to the end of 9999'
    : `is in ${unit}; seconds since 1970 are expected`;
};

const sensorId = z
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .max(2_147_483_647, 'must be 2147483647 or less');
/** Seconds since 1970, to the end of 9999. */
const timestamp = z
  .int({
    error: (issue) =>
      issue.code === 'too_big' ? tooLate(issue) : 'must be a whole number of seconds since 1970',
  })
  .min(0, 'must be 0 or more')
  .max(latest, { error: tooLate });

/**
 * One reading of one sensor: an open stream, which any client may write or read. A sensor reads once a second at most: sensor
 * and second are the identity of a reading.
 */
export const sensorData = stream('sensor_data', {
  owner: 'sensor-simulator',
  key: 'sensor_id',
  identity: ['sensor_id', 'timestamp'],
  time: 'timestamp',
  schema: z.object({
    sensor_id: sensorId,
    location,
    timestamp,
    temperature,
    /** Relative, in percent. */
    humidity: z.number('must be a number').min(0, 'must be 0 or more').max(100, 'must be 100 or less'),
  }),
  /** Who is hot, and when, is worth an alert, whatever else is wrong. */
  tolerates: z.object({
    sensor_id: sensorId,
    timestamp,
    temperature,
    location: z.unknown().optional(),
    humidity: z.unknown().optional(),
  }),
});

/** A sensor's temperature is out of the ordinary. Once for an excursion, and once more when a jump becomes too hot. */
export const temperatureAlert = event('sensor.temperature-alert', {
  owner: 'sensor-analytics',
  version: 1,
  key: 'sensorId',
  schema: z.object({
    alertId: id,
    sensorId: z.string().regex(/^[0-9]{1,10}$/, 'the id of a sensor, as text'),
    location,
    reason: z.enum(['too-hot', 'sudden-jump']),
    temperature,
    /** The running mean before the excursion, once the sensor has been heard long enough. */
    usual: temperature.optional(),
  }),
});
