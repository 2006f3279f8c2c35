import { expect, test } from 'vitest';
import { bufferOf, countOr, propertiesOf } from './message-format.ts';

const message = { id: 'id', type: 'order.placed', key: 'key', body: new Uint8Array() };

test('a message is persistent, with its id and type as properties and its key as a header', () => {
  expect(propertiesOf(message, false, { attempt: 2 })).toEqual({
    persistent: true,
    mandatory: false,
    messageId: 'id',
    type: 'order.placed',
    headers: { key: 'key', attempt: 2 },
  });
});

test('an id that is too long for the property is a header', () => {
  const fits = 'ä'.repeat(127);
  const long = `${fits}ä`;
  expect(propertiesOf({ ...message, id: fits }, true).messageId).toBe(fits);
  expect(propertiesOf({ ...message, id: long }, true)).toMatchObject({ headers: { id: long } });
  expect(propertiesOf({ ...message, id: long }, true).messageId).toBeUndefined();
});

test('a body is not copied', () => {
  const body = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
  const buffer = bufferOf(body);
  body[0] = 9;
  expect([...buffer]).toEqual([9, 3]);
});

test('a header that is no count is not believed', () => {
  expect([3, 0, -1, 1.5, '3', undefined].map((value) => countOr(1, value))).toEqual([3, 0, 1, 1, 1, 1]);
});
