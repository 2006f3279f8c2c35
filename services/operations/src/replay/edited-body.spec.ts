import { shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { parseEditedBody } from './edited-body.ts';

const subscription = shop.subscription('email.welcome');
if (subscription === undefined) throw new Error('no subscription');
const id = '0198c5c0-0000-7000-8000-000000000001';
const userId = '0198c5c0-0000-7000-8000-000000000002';
const envelope = {
  specversion: '1.0',
  id,
  source: '/crm',
  type: 'user.registered',
  time: '2026-11-01T10:00:00Z',
  subject: userId,
  datacontenttype: 'application/json',
  data: { userId, email: 'ada@shop.example', name: 'Ada' },
};
const garbage = { message_id: id, body: Buffer.from('no JSON') };
const fieldsOf = (edited: unknown, deadLetter = garbage) => {
  const outcome = parseEditedBody(subscription, deadLetter, edited);
  return outcome.kind === 'invalid' ? outcome.errors.map(({ field }) => field) : [];
};

test('a body that the subscription can read becomes the message', () => {
  expect(parseEditedBody(subscription, garbage, envelope)).toEqual({
    kind: 'valid',
    message: {
      id,
      type: 'user.registered',
      key: userId,
      body: new TextEncoder().encode(JSON.stringify(envelope)),
    },
  });
});

test.each<[string, unknown, string[]]>([
  ['not an object', null, ['body']],
  [
    'without an envelope',
    {},
    ['body.specversion', 'body.id', 'body.source', 'body.type', 'body.time', 'body.subject'],
  ],
  [
    'with invalid attributes and fields',
    { ...envelope, id: userId, time: 'now', data: { ...envelope.data, email: 'nobody' } },
    ['body.time', 'body.data.email', 'body.id'],
  ],
  [
    'with an invalid field',
    { ...envelope, data: { ...envelope.data, email: 'nobody' } },
    ['body.data.email'],
  ],
  ['of an unknown type', { ...envelope, type: 'user.renamed' }, ['body']],
  [
    'of a type that the subscription does not consume',
    { ...envelope, type: 'stock.released' },
    ['body.data.orderId', 'body.data.stepId'],
  ],
  ['with too many hops', { ...envelope, hops: 33 }, ['body']],
  ['with another id', { ...envelope, id: userId }, ['body.id']],
])('a body %s is refused with the name of the field', (_, edited, fields) => {
  expect(fieldsOf(edited)).toEqual(fields);
});

test('the id of the envelope must stay, not that of the dead letter: the inbox knows only the former', () => {
  const thirdParty = { message_id: 'a-hash', body: Buffer.from(JSON.stringify({ ...envelope, data: {} })) };
  expect(parseEditedBody(subscription, thirdParty, envelope)).toMatchObject({
    kind: 'valid',
    message: { id },
  });
  expect(fieldsOf({ ...envelope, id: 'a-hash' }, thirdParty)).toEqual(['body.id']);
});

test('a value of an open stream keeps the message id of the dead letter', () => {
  const readings = shop.subscription('sensor-analytics.readings');
  if (readings === undefined) throw new Error('no subscription');
  const reading = {
    sensor_id: 4711,
    location: 'Tokyo',
    timestamp: 1766400000,
    temperature: 21.5,
    humidity: 55.2,
  };
  const deadLetter = { message_id: 'sensor_data/3/1207', body: Buffer.from('{"sensor_id":4711}') };
  expect(parseEditedBody(readings, deadLetter, reading)).toEqual({
    kind: 'valid',
    message: {
      ...{ id: 'sensor_data/3/1207', type: 'sensor_data', key: '4711' },
      body: new TextEncoder().encode(JSON.stringify(reading)),
    },
  });
  expect(parseEditedBody(readings, deadLetter, { ...reading, humidity: 'wet' })).toMatchObject({
    kind: 'invalid',
    errors: [{ field: 'body.data.humidity' }],
  });
});
