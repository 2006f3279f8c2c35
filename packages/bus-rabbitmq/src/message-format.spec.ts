import { unstorable } from '@emporium/bus';
import { hostileHeaders, hostileStrings } from '@emporium/hostile-inputs';
import type { Message } from 'amqplib';
import { expect, test } from 'vitest';
import { bufferOf, countFrom, propertiesOf, readMessage } from './message-format.ts';

const message = { id: 'id', type: 'order.placed', key: 'key', body: new Uint8Array() };

test('a message is persistent, with its id and type as properties and its key as a header', () => {
  expect(propertiesOf(message, false, { 'emporium-attempt': 2 })).toEqual({
    persistent: true,
    mandatory: false,
    messageId: 'id',
    type: 'order.placed',
    headers: { 'emporium-key': 'key', 'emporium-attempt': 2 },
  });
});

test('an id that is too long for the property is a header', () => {
  const fits = 'ä'.repeat(127);
  const long = `${fits}ä`;
  expect(propertiesOf({ ...message, id: fits }, true).messageId).toBe(fits);
  expect(propertiesOf({ ...message, id: long }, true)).toMatchObject({ headers: { 'emporium-id': long } });
  expect(propertiesOf({ ...message, id: long }, true).messageId).toBeUndefined();
});

test('a type that grew when it was read still fits its property', () => {
  const { type } = propertiesOf({ ...message, type: '\uFFFD'.repeat(255) }, true);
  expect(Buffer.byteLength(String(type))).toBeLessThanOrEqual(255);
});

test('a body is not copied', () => {
  const body = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
  const buffer = bufferOf(body);
  body[0] = 9;
  expect([...buffer]).toEqual([9, 3]);
});

test('a header that is not a count is ignored, and one that is too large is cut', () => {
  const values = [3, 0, -1, 1.5, '3', null, undefined, {}, 2 ** 60, 11];
  expect(values.map((value) => countFrom(value, 10))).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0, 10]);
});

/** As amqplib gives it; the properties are a third party's. */
const arrived = (properties: object, routingKey = 'order.placed.3'): Message => ({
  content: Buffer.from('{}'),
  fields: { routingKey, exchange: 'order.events', deliveryTag: 1, redelivered: false },
  // Only those that are there are read.
  properties: properties as Message['properties'],
});

const neutral = { id: expect.stringMatching(/^[0-9a-f]{64}$/), type: 'order.placed' };

test.each(hostileHeaders.filter(({ header }) => !header.startsWith('emporium-')))(
  'a header without our prefix means nothing: $name',
  ({ header, value }) => {
    const message = readMessage(arrived({ headers: { [header]: value } }));
    expect(message).toMatchObject(neutral);
    expect(message.key).toBe(message.id);
  },
);

test.each(hostileStrings)('what is read can be stored and published again: $name', ({ value }) => {
  const message = readMessage(
    arrived({ messageId: value, type: value, headers: { 'emporium-key': value } }, value.slice(0, 255)),
  );
  expect(unstorable({ ...message, body: null })).toBeUndefined();
  const { messageId, type } = propertiesOf(message, true);
  for (const short of [messageId, type]) expect(Buffer.byteLength(short ?? '')).toBeLessThanOrEqual(255);
});

test.each([null, undefined, 'text', 3, ['a']])('there may be no headers at all: %j', (headers) => {
  expect(readMessage(arrived({ headers }))).toMatchObject(neutral);
});
