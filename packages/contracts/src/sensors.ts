import { z } from 'zod';
import { id } from './common.ts';
import { event, stream } from './define.ts';

/** The name of the place where a sensor is, without control characters. */
const location = z.string().regex(/^\P{Cc}{1,100}$/u, '1 to 100 characters, no control characters');

/** The air temperature in a warehouse, in degrees Celsius. Other values come from a broken sensor. */
const temperature = z
  .number('must be a number of degrees Celsius')
  .min(-100, 'must be -100 degrees Celsius or more')
  .max(200, 'must be 200 degrees Celsius or less');

const maxTimestamp = 253_402_300_799;

/** The message for a timestamp that is too big, naming the unit that it seems to have. */
const tooLate = ({ input }: { readonly input?: unknown }): string => {
  const units = { milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 };
  const unit = Object.entries(units).find(([, factor]) => Number(input) / factor <= maxTimestamp)?.[0];
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
  .max(maxTimestamp, { error: tooLate });

/**
 * One reading of one sensor: an open stream, which any client may write or read. A sensor has at most one reading per second, so
 * sensor and second identify it.
 */
export const sensorData = stream('sensor_data', {
  owner: 'sensor-simulator',
  senders: ['bridge'], // readings that arrive over MQTT
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
  /** Sensor, time and temperature are enough for an alert. */
  tolerates: z.object({
    sensor_id: sensorId,
    timestamp,
    temperature,
    location: z.unknown().optional(),
    humidity: z.unknown().optional(),
  }),
});

/** A sensor's temperature is unusual. Published once per excursion, and once more when a jump becomes too hot. */
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
    /** The running mean before the excursion; absent while the sensor is new. */
    usual: temperature.optional(),
  }),
});
