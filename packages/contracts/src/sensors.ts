import { z } from 'zod';
import { id } from './common.ts';
import { event, stream } from './define.ts';

/** Where a sensor hangs: a name for people, without control characters. */
const location = z.string().regex(/^\P{Cc}{1,100}$/u, '1 to 100 characters, no control characters');

/** Of air in a warehouse, in degrees Celsius. What is beyond is a broken sensor. */
const temperature = z.number().min(-100).max(200);

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
    sensor_id: z.int().min(0).max(2_147_483_647),
    location,
    /** Seconds since 1970, to the end of 9999. */
    timestamp: z.int().min(0).max(253_402_300_799),
    temperature,
    /** Relative, in percent. */
    humidity: z.number().min(0).max(100),
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
