import type { ConsumeMessage } from 'amqplib';
import { expect, test } from 'vitest';
import { cut, deadLetterCopy } from './dead-letter.ts';

const rejection = {
  reason: 'email is missing',
  source: 'user_registrations',
  at: new Date('2026-11-29T12:00:00Z'),
};

const message = (content: Buffer, properties: object): ConsumeMessage =>
  ({ content, fields: {}, properties: { headers: undefined, ...properties } }) as ConsumeMessage; // what is read of it

test('a copy has the bytes, the properties and the reason, and stays where it is', () => {
  const content = Buffer.from([0xff, 0, 1]);
  const { body, options } = deadLetterCopy(
    message(content, {
      messageId: 'm-1',
      correlationId: undefined,
      expiration: '1000',
      userId: 'guest',
      headers: { tenant: 7, CC: ['elsewhere'], bcc: 'x', 'x-reason': 'the sender’s own' },
    }),
    { ...rejection, size: 3 },
  );
  expect(body).toEqual(content);
  expect(options).toEqual({
    messageId: 'm-1',
    persistent: true,
    mandatory: true,
    headers: {
      tenant: 7,
      'x-reason': 'email is missing',
      'x-source': 'user_registrations',
      'x-rejected-at': '2026-11-29T12:00:00.000Z',
    },
  });
});

test('of a body over 64 KiB the beginning is kept, and its size', () => {
  const limit = 64 * 1024;
  const { message: beginning, size } = cut(message(Buffer.alloc(limit + 1), {}));
  const { body, options } = deadLetterCopy(beginning, { ...rejection, size });
  expect([body.byteLength, body.buffer.byteLength, size]).toEqual([limit, limit, limit + 1]);
  expect(options.headers).toMatchObject({ 'x-truncated-from': size });
});
