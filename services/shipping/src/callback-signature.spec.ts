import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { isSignedByCarrier } from './callback-signature.ts';

const secret = 'webhook-secret';
const body = Buffer.from('{"eventId":"evt_1"}');
const now = new Date('2026-11-23T10:00:00Z');
const seconds = now.getTime() / 1_000;
const sign = (t: number, signed: Buffer = body, by = secret) =>
  `t=${t},v1=${createHmac('sha256', by).update(`${t}.`).update(signed).digest('hex')}`;

test('accepts a signature over the time and the body', () => {
  expect(isSignedByCarrier(sign(seconds), body, secret, now)).toBe(true);
});

test.each([-299, 299])('accepts a clock difference of %i seconds', (apart) => {
  expect(isSignedByCarrier(sign(seconds + apart), body, secret, now)).toBe(true);
});

test.each<[string, string | undefined]>([
  ['a missing header', undefined],
  ['an empty header', ''],
  ['another secret', sign(seconds, body, 'another-secret')],
  ['another body', sign(seconds, Buffer.from('{"eventId":"evt_2"}'))],
  ['a time that was not signed', sign(seconds).replace(`t=${seconds}`, `t=${seconds - 1}`)],
  ['a time long ago', sign(seconds - 301)],
  ['a time in the future', sign(seconds + 301)],
  ['half a signature', sign(seconds).slice(0, -2)],
  ['a signature that is not hex', sign(seconds).replace(/v1=.{64}/, `v1=${'z'.repeat(64)}`)],
  ['more than one signature', `${sign(seconds)},v1=${'0'.repeat(64)}`],
])('rejects %s', (_, header) => {
  expect(isSignedByCarrier(header, body, secret, now)).toBe(false);
});
