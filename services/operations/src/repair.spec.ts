import { shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { repair } from './repair.ts';

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
const fieldsOf = (edited: unknown, letter = garbage) => {
  const outcome = repair(subscription, letter, edited);
  return outcome.kind === 'wrong' ? outcome.errors.map(({ field }) => field) : [];
};

test('a body that the subscription can read becomes the message', () => {
  expect(repair(subscription, garbage, envelope)).toEqual({
    kind: 'fits',
    message: {
      id,
      type: 'user.registered',
      key: userId,
      body: new TextEncoder().encode(JSON.stringify(envelope)),
    },
  });
});

test.each<[string, unknown, string[]]>([
  ['no object', null, ['body']],
  ['no envelope', {}, ['body.specversion']],
  ['a wrong field', { ...envelope, data: { ...envelope.data, email: 'nobody' } }, ['body.data.email']],
  ['a type that nobody knows', { ...envelope, type: 'user.renamed' }, ['body']],
  [
    'a type that the subscription does not take',
    { ...envelope, type: 'stock.released' },
    ['body.data.orderId', 'body.data.stepId'],
  ],
  ['too many hops', { ...envelope, hops: 33 }, ['body']],
  ['another id', { ...envelope, id: userId }, ['body.id']],
])('a body with %s is refused, and the field named', (_, edited, fields) => {
  expect(fieldsOf(edited)).toEqual(fields);
});

test('the id that counts is that of the envelope: the inbox knows no other', () => {
  const foreign = { message_id: 'a-hash', body: Buffer.from(JSON.stringify({ ...envelope, data: {} })) };
  expect(repair(subscription, foreign, envelope)).toMatchObject({ kind: 'fits', message: { id } });
  expect(fieldsOf({ ...envelope, id: 'a-hash' }, foreign)).toEqual(['body.id']);
});

test('a reading is repaired as what it says it is, under the id that the broker gave the letter', () => {
  const readings = shop.subscription('sensor-analytics.readings');
  if (readings === undefined) throw new Error('no subscription');
  const reading = {
    sensor_id: 4711,
    location: 'Tokyo',
    timestamp: 1766400000,
    temperature: 21.5,
    humidity: 55.2,
  };
  const letter = { message_id: 'sensor_data/3/1207', body: Buffer.from('{"sensor_id":4711}') };
  expect(repair(readings, letter, reading)).toEqual({
    kind: 'fits',
    message: {
      ...{ id: 'sensor_data/3/1207', type: 'sensor_data', key: '4711' },
      body: new TextEncoder().encode(JSON.stringify(reading)),
    },
  });
  expect(repair(readings, letter, { ...reading, humidity: 'wet' })).toMatchObject({
    kind: 'wrong',
    errors: [{ field: 'body.data.humidity' }],
  });
});
