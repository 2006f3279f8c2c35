import { createRegistry, type Input, sensorData, shop } from '@emporium/contracts';
import { hostileBytes } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { placed } from '../../test/contracts.ts';
import { Fault } from '../errors.ts';
import { currentContext, newContext, withContext } from './context.ts';
import { createMessage, readMessage } from './message.ts';
import { createStreamMessage } from './open-stream.ts';
import { unstorable } from './storable.ts';

const reading = {
  sensor_id: 4711,
  location: 'Tokyo',
  timestamp: 1766400000,
  temperature: 21.5,
  humidity: 55.2,
};
const wanted = new Set([sensorData]);
const read = (value: unknown) =>
  readMessage(shop, wanted, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const catchFault = (task: () => unknown): Fault => {
  try {
    task();
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error('no fault was thrown');
};

describe('a message of an open stream', () => {
  const message = createStreamMessage(sensorData, reading);

  test('is the data as plain JSON, with its key as text', () => {
    expect(Buffer.from(message.body).toString()).toBe(
      '{"sensor_id":4711,"location":"Tokyo","timestamp":1766400000,"temperature":21.5,"humidity":55.2}',
    );
    expect(message).toMatchObject({
      key: '4711',
      type: 'sensor_data',
      owner: 'sensor-simulator',
      open: true,
    });
  });

  test('has its fields in the order of the contract', () => {
    const { humidity, ...rest } = reading;
    expect(createStreamMessage(sensorData, { humidity, ...rest }).body).toEqual(message.body);
  });

  test('has an id that is derived from its identity, the same when it is sent again', () => {
    expect(message.id).toBe('sensor_data/4711/1766400000');
    expect(createStreamMessage(sensorData, { ...reading, temperature: 22 }).id).toBe(message.id);
    expect(createStreamMessage(sensorData, { ...reading, timestamp: 1766400001 }).id).not.toBe(message.id);
  });

  test('is refused when its data does not match the strict schema', () => {
    expect(() => createStreamMessage(sensorData, { ...reading, humidity: 101 })).toThrow(/data\.humidity/);
    expect(() =>
      createStreamMessage(sensorData, { ...reading, unit: 'C' } as Input<typeof sensorData>),
    ).toThrow(/unit/);
  });

  test('is created by createStreamMessage, and no other message is', () => {
    expect(() => createMessage('sensor-simulator', sensorData, reading, newContext())).toThrow(/open stream/);
    const order = { orderId: 'o-1', lines: [] };
    expect(() => createStreamMessage(placed, order)).toThrow(/order\.placed is not an open stream/);
  });
});

describe('a body on an open stream', () => {
  test('is read as a message whose id, key and time come from its data', () => {
    const message = read(reading);
    expect(message).toMatchObject({
      id: 'sensor_data/4711/1766400000',
      key: '4711',
      time: new Date('2025-12-22T10:40:00Z'),
      data: reading,
      source: '/streams/sensor_data',
    });
    expect(message.context).toMatchObject({ correlationId: message.id, causationId: message.id, hops: 0 });
  });

  test('has a context for the messages that follow from it', () => {
    const { context } = read(reading);
    const { body } = withContext(context, () =>
      createMessage('order', placed, { orderId: 'o-1', lines: [] }, currentContext() ?? newContext()),
    );
    expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({
      causationid: context.causationId,
      hops: 1,
    });
  });

  test('may have unknown fields, in any order', () => {
    const { sensor_id, ...rest } = reading;
    expect(read({ unit: 'C', ...rest, sensor_id }).data).toEqual(reading);
  });

  test.each([
    ['not JSON', 'nonsense', 'bus.invalid_message', 'is not JSON'],
    ['not an object', '[]', 'bus.invalid_message', 'data'],
    ['a sensor that is text', { ...reading, sensor_id: '4711' }, 'bus.invalid_message', 'data.sensor_id'],
    ['milliseconds with a fraction', { ...reading, timestamp: 1.5 }, 'bus.invalid_message', 'data.timestamp'],
    ['no temperature', { ...reading, temperature: null }, 'bus.invalid_message', 'data.temperature'],
    ['a place with a NUL', { ...reading, location: 'To\u0000kyo' }, 'bus.invalid_message', 'data.location'],
    ['a megabyte', 'x'.repeat(1_000_000), 'bus.message_too_big', '1000000'],
  ])('that is invalid (%s) is refused, naming the field', (_, value, code, words) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });

  test.each<[string, string, unknown]>([
    ['too humid', '101.7', 101.7],
    ['text', '"wet"', 'wet'],
    ['null', 'null', null],
    ['more than a double holds', '1e400', Number.POSITIVE_INFINITY],
    ['NaN, as Python writes it', 'NaN', null],
    ['-Infinity, as Python writes it', '-Infinity', null],
    ['a thousand nested arrays', `${'['.repeat(1_000)}${']'.repeat(1_000)}`, expect.anything()],
  ])('may have an invalid humidity (%s): the temperature is read', (_, json, humidity) => {
    const text = JSON.stringify({ ...reading, location: 'NaN "Infinity" é', humidity: 0 }).replace(
      '"humidity":0',
      `"humidity":${json}`,
    );
    expect(read(text).data).toEqual({ ...reading, location: 'NaN "Infinity" é', humidity });
  });

  test('may lack its humidity and its location', () => {
    const { sensor_id, timestamp, temperature } = reading;
    expect(read({ sensor_id, timestamp, temperature }).data).toEqual({ sensor_id, timestamp, temperature });
  });

  test.each([
    [1_766_400_000_000, 'milliseconds'],
    [1_766_400_000_000_000, 'microseconds'],
    [1_766_400_000_000_000_000, 'nanoseconds'],
  ])('with a timestamp of %d is refused as one in %s', (timestamp, unit) => {
    expect(() => read({ ...reading, timestamp })).toThrow(`data.timestamp: is in ${unit}; seconds`);
  });

  test.each(hostileBytes)('that is $name is refused without quoting it', ({ value }) => {
    const failure = catchFault(() => readMessage(shop, wanted, value));
    expect(failure.code).toMatch(/^bus\.(invalid_message|message_too_big)$/);
    expect(unstorable(failure.message)).toBeUndefined();
    expect(failure.message).not.toMatch(/specversion|admin|xml|A.B/);
  });

  test('is read fast, however its quotes are nested', () => {
    const began = performance.now();
    expect(() => read(`NaN ${'"\\'.repeat(32_000)}`)).toThrow(/is not JSON/);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('does not affect what other subscriptions read', () => {
    const { body } = createMessage('order', placed, { orderId: 'o-1', lines: [] }, newContext());
    const registry = createRegistry({ contracts: [placed, sensorData], subscriptions: [] });
    expect(readMessage(registry, new Set([placed, sensorData]), body).contract).toBe(placed);
  });
});
