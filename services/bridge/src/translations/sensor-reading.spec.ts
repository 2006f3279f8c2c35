import { createStreamMessage } from '@emporium/bus';
import { sensorData } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { translateReading } from './sensor-reading.ts';

const fields = { sensor_id: 7, location: 'Tokyo', timestamp: 1_796_000_000, temperature: 21.5, humidity: 48 };
const golden = '{"sensor_id":7,"location":"Tokyo","timestamp":1796000000,"temperature":21.5,"humidity":48}';

const translate = (payload: string | Uint8Array, topic = 'sensor_data') =>
  translateReading(topic, typeof payload === 'string' ? Buffer.from(payload) : payload);
const bytesOf = (payload: string, topic?: string): string => {
  const translated = translate(payload, topic);
  if (translated.kind === 'refused') throw new Error(translated.reason);
  return Buffer.from(createStreamMessage(sensorData, translated.data).body).toString();
};

test('a reading keeps its fields', () => {
  expect(bytesOf(golden)).toBe(golden);
  expect(bytesOf(JSON.stringify({ battery: 3.1, ...fields }))).toBe(golden);
});

test('a reading without a sensor has that of its topic', () => {
  const { sensor_id: _, ...rest } = fields;
  expect(bytesOf(JSON.stringify(rest), 'sensor_data/7')).toBe(golden);
  expect(bytesOf(JSON.stringify(rest), 'sensor_data/tokyo/7')).toBe(golden);
  expect(translate(JSON.stringify(rest), 'sensor_data')).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(/^sensor_id/),
  });
});

test('a sensor in the reading goes before that of the topic', () => {
  expect(bytesOf(golden, 'sensor_data/8')).toBe(golden);
});

const changed = (change: object) => JSON.stringify({ ...fields, ...change });

test.each<[string, string | Uint8Array, RegExp]>([
  ['that is no JSON', 'hello', /^the message must be JSON$/],
  ['that is empty', '', /^the message must be JSON$/],
  ['that is null', 'null', /^the message must be an object$/],
  ['in UTF-16', Buffer.from(golden, 'utf16le'), /^the message must be JSON$/],
  ['in Latin-1', Buffer.from(changed({ location: 'Zürich' }), 'latin1'), /^the message must be UTF-8$/],
  ['of 5 MB', Buffer.alloc(5 * 1024 * 1024, 0x20), /^the message has 5242880 bytes/],
  ['whose temperature is not a number', golden.replace('21.5', 'NaN'), /^temperature must be a number/],
  ['whose humidity is infinite', golden.replace('48', '-Infinity'), /^humidity must be a number/],
  ['whose temperature is text', changed({ temperature: '21.5' }), /^temperature must be a number/],
  ['without a time', changed({ timestamp: undefined }), /^timestamp/],
  ['in milliseconds', changed({ timestamp: 1_796_000_000_000_000 }), /^timestamp is in /],
  ['of a sensor below 0', changed({ sensor_id: -1 }), /^sensor_id must be 0 or more$/],
  ['whose place is too long', changed({ location: 'x'.repeat(101) }), /^location /],
])('a reading %s is refused with a reason for its device', (_, payload, reason) => {
  expect(translate(payload)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
});

test.each([
  'sensor_data/\u0000',
  'sensor_data/7/../x',
  'sensor_data/99999999999',
  '/'.repeat(60_000),
  '💥/7 ',
])('a hostile topic (%#) names no sensor', (topic) => {
  expect(translate(changed({ sensor_id: undefined }), topic).kind).toBe('refused');
});
