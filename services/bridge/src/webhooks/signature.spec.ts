import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newSecret, signatureHeaders } from './signature.ts';

const body = Buffer.from('{"type":"order.completed","data":{"name":"Zoë"}}');
const signed = () => ({ id: 'f0b3c2d4-5c1a-5c1a-9c59-6a2c5c2b9d10', at: new Date(), body });

test('a secret has 32 bytes, and its prefix', () => {
  const secret = newSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
  expect(newSecret()).not.toBe(secret);
});

test('the official library verifies a signature, and makes the same one', () => {
  const [secret, attempt] = [newSecret(), signed()];
  const headers = signatureHeaders([secret], attempt);
  const official = new Webhook(secret);
  expect(official.verify(body, headers)).toEqual(JSON.parse(body.toString()));
  expect(headers['webhook-signature']).toBe(official.sign(attempt.id, attempt.at, body.toString()));
});

test('a body, an id or a secret that is not the signed one is refused', () => {
  const secret = newSecret();
  const headers = signatureHeaders([secret], signed());
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'other' })).toThrow();
  expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
});

test('during a rotation both secrets verify', () => {
  const [secret, previous] = [newSecret(), newSecret()];
  const headers = signatureHeaders([secret, previous], signed());
  expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
  for (const known of [secret, previous])
    expect(() => new Webhook(known).verify(body, headers)).not.toThrow();
});

/** The example of the specification's own libraries. */
test('the signature of known bytes is the known one', () =>
  expect(
    signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1_614_265_330_000),
      body: Buffer.from('{"test": 2432232314}'),
    })['webhook-signature'],
  ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='));
