import { unstorable } from '@emporium/bus';
import { hostileHeaders, hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import type { Message } from 'amqplib';
import { expect, test } from 'vitest';
import { readDeadLetter } from './read-dead-letter.ts';

const inQueue = (headers: object, properties: object = {}, routingKey = 'email.orders'): Message => ({
  content: Buffer.from('{}'),
  fields: { routingKey, exchange: 'dead-letters', deliveryTag: 1, redelivered: false },
  // Only those that are there are read.
  properties: { ...properties, headers } as Message['properties'],
});

const death = {
  reason: 'delivery_limit',
  queue: 'email.orders',
  time: { '!': 'timestamp', value: 1_796_000_000 },
};

test('what the broker took away has the time and the queue of its latest death', () => {
  const earlier = { ...death, reason: 'expired', time: { '!': 'timestamp', value: 1 } };
  expect(readDeadLetter(inQueue({ 'x-death': [death, earlier], 'emporium-code': 'forged' }))).toMatchObject({
    subscription: 'email.orders',
    position: 'queue email.orders',
    reason: { code: 'bus.attempts_exhausted' },
    attempts: 100,
    failedAt: '2026-11-30T00:53:20.000Z',
  });
});

test('any other reason of the broker is told as it is', () => {
  const { reason } = readDeadLetter(inQueue({ 'x-death': [{ ...death, reason: 'maxlen' }] }));
  expect(reason).toMatchObject({ code: 'bus.refused', message: expect.stringContaining("'maxlen'") });
});

test('what a third party put there has its own time, or none', () => {
  expect(readDeadLetter(inQueue({}, { timestamp: 1_796_000_000 })).failedAt).toBe('2026-11-30T00:53:20.000Z');
  expect(readDeadLetter(inQueue({})).failedAt).toBe('1970-01-01T00:00:00.000Z');
});

const values = [
  ...hostileStrings,
  ...hostileTimes,
  ...hostileNumbers.map(({ name, json }) => ({ name, value: JSON.parse(json) as unknown })),
];

const everywhere = (value: unknown): Message[] => [
  inQueue({
    'emporium-code': 'test.never',
    'emporium-attempts': value,
    'emporium-failed-at': value,
    'emporium-reason': value,
  }),
  inQueue({ 'emporium-code': value, 'emporium-truncated-from': value, 'emporium-key': value }),
  inQueue({ 'x-death': value }),
  inQueue({ 'x-death': [value] }),
  inQueue({ 'x-death': [{ reason: value, queue: value, time: value }] }),
  inQueue(
    { 'x-death': [{ time: { '!': 'timestamp', value } }] },
    { timestamp: value, messageId: value, type: value },
  ),
];

test.each([...values, ...hostileHeaders])(
  'whatever its headers hold it can be stored, and is the same at each delivery: $name',
  ({ value }) => {
    for (const message of everywhere(value)) {
      const letter = readDeadLetter(message);
      expect(unstorable({ ...letter, body: null })).toBeUndefined();
      expect(new Date(letter.failedAt).toISOString()).toBe(letter.failedAt);
      expect(letter.attempts).toBeGreaterThanOrEqual(1);
      expect(letter.attempts).toBeLessThanOrEqual(1_000);
      expect(letter.truncatedFrom ?? 1).toBeGreaterThanOrEqual(1);
      expect(letter.reason.code.length * letter.reason.message.length).toBeGreaterThan(0);
      expect(readDeadLetter(message)).toEqual(letter);
    }
  },
);

test('any routing key is a subscription that can be stored', () => {
  for (const { value } of hostileStrings) {
    const { subscription } = readDeadLetter(inQueue({}, {}, value.slice(0, 255)));
    expect(subscription).not.toBe('');
    expect(unstorable(subscription)).toBeUndefined();
  }
});
