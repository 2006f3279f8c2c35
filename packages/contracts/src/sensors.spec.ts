import { hostileNumbers } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { sensorData } from './sensors.ts';

const reading = { sensor_id: 1, location: 'Dubai', timestamp: 1_766_400_000, temperature: 60, humidity: 40 };
const problems = (value: unknown) =>
  sensorData.schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

describe('a reading', () => {
  test.each(hostileNumbers)(
    'with $name as humidity is delivered, and may be published only if that is valid',
    ({ json }) => {
      const value = { ...reading, humidity: JSON.parse(json) };
      expect(sensorData.schema.safeParse(value).success).toBe(true);
      const isValid = typeof value.humidity === 'number' && value.humidity >= 0 && value.humidity <= 100;
      expect(sensorData.strictSchema.safeParse(value).success).toBe(isValid);
    },
  );

  test.each(['sensor_id', 'timestamp', 'temperature'])('needs its %s', (field) => {
    const { [field]: _, ...without } = { ...reading } as Record<string, unknown>;
    expect(problems(without)).toEqual([expect.stringContaining(`${field} must be a`)]);
  });

  test.each([
    [{ temperature: -273.15 }, 'temperature must be -100 degrees Celsius or more'],
    [{ temperature: 10_000 }, 'temperature must be 200 degrees Celsius or less'],
    [{ temperature: '60' }, 'temperature must be a number of degrees Celsius'],
    [{ sensor_id: 2_147_483_648 }, 'sensor_id must be 2147483647 or less'],
    [{ sensor_id: 1.5 }, 'sensor_id must be a whole number'],
    [{ timestamp: -1 }, 'timestamp must be 0 or more'],
    [{ timestamp: 1_766_400_000.5 }, 'timestamp must be a whole number of seconds since 1970'],
    [{ timestamp: 1_766_400_000_000 }, 'timestamp is in milliseconds; seconds since 1970 are expected'],
    [{ timestamp: 1e300 }, 'timestamp must be in seconds since 1970, to the end of 9999'],
  ])('with %j is refused, naming the field', (change, message) => {
    expect(problems({ ...reading, ...change })).toContain(message);
  });
});
