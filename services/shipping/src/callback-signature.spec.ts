import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { isSignedByCarrier } from './callback-signature.ts';

const secret = 'webhook-secret';
const body = Buffer.from('{"eventId":"evt_1"}');
const now = new Date('2026-11-23T10:00:00Z');
const seconds = now.getTime() / 1_000;
const sign = (t: number, signed: Buffer = body, by = secret) =>
  `t=${t},v1=${createHmac('sha256', by).update(`${t}.`).update(signed).digest('hex')}`;

test('the carrier signs the time and the bytes', () => {
  expect(isSignedByCarrier(sign(seconds), body, secret, now)).toBe(true);
});

test.each([-299, 299])('clocks may be %i seconds apart', (apart) => {
  expect(isSignedByCarrier(sign(seconds + apart), body, secret, now)).toBe(true);
});

test.each<[string, string | undefined]>([
  ['nothing', undefined],
  ['an empty header', ''],
  ['another secret', sign(seconds, body, 'another-secret')],
  ['other bytes', sign(seconds, Buffer.from('{"eventId":"evt_2"}'))],
  ['another time than was signed', sign(seconds).replace(`t=${seconds}`, `t=${seconds - 1}`)],
  ['a time that is long ago', sign(seconds - 301)],
  ['a time to come', sign(seconds + 301)],
  ['half a signature', sign(seconds).slice(0, -2)],
  ['no hex', sign(seconds).replace(/v1=.{64}/, `v1=${'z'.repeat(64)}`)],
  ['more than one signature', `${sign(seconds)},v1=${'0'.repeat(64)}`],
])('%s is no signature', (_, header) => {
  expect(isSignedByCarrier(header, body, secret, now)).toBe(false);
});
