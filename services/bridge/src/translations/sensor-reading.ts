import { withoutNotANumber } from '@emporium/bus';
import { sensorData } from '@emporium/contracts';
import { z } from 'zod';
import { parseForeignJson, type Translated, type Translation, translateValue } from '../translation.ts';

/** A reading as a device sends it over MQTT: our fields as JSON; others are ignored. */
const reading = sensorData.schema.extend({ location: z.string(), humidity: z.number('must be a number') });

const sensorReading: Translation<typeof reading, typeof sensorData> = {
  from: reading,
  to: sensorData,
  translate: (foreign) => foreign,
};

/**
 * Translates a reading. A device that does not know its number leaves `sensor_id` out: the last level of the topic is it then, as in
 * `sensor_data/4711`. There is no default for the time: it identifies the reading when it is delivered twice.
 */
export const translateReading = (topic: string, payload: Uint8Array): Translated<typeof sensorData> => {
  const parsed = parseForeignJson(withoutNotANumber(payload));
  if (parsed.kind === 'refused') return parsed;
  return translateValue(sensorReading, withSensorId(parsed.value, topic), '');
};

const withSensorId = (value: unknown, topic: string): unknown => {
  const [, digits] = /\/(\d{1,10})$/.exec(topic) ?? [];
  if (digits === undefined || typeof value !== 'object' || value === null || Array.isArray(value))
    return value;
  return 'sensor_id' in value ? value : { ...value, sensor_id: Number(digits) };
};
