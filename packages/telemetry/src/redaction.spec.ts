import { expect, test } from 'vitest';
import { redact, scrub } from './redaction.ts';

test.each([
  ...[
    'password',
    'newPassword',
    'passwordHash',
    'token',
    'accessToken',
    'payment_token',
    'authorization',
    'Authorization',
  ],
  ...[
    'email',
    'customerEmail',
    'name',
    'fullName',
    'secret',
    'CARRIER_WEBHOOK_SECRET',
    'PAYMENT_API_KEY',
    'JWT_PRIVATE_KEY',
  ],
  ...['card', 'cardNumber', 'cvc', 'address', 'set-cookie'],
])('%s is redacted at any depth', (key) => {
  const safe = { outer: [{ inner: { [key]: '[redacted]' } }] };
  expect(redact({ outer: [{ inner: { [key]: 'hunter2' } }] })).toEqual(safe);
  expect(redact({ outer: [{ inner: { [key]: { deep: 'hunter2' } } }] })).toEqual(safe);
});

test('details that help to find an error are kept', () => {
  const fields = {
    orderId: '01',
    subscription: 'order.replies',
    attempt: 2,
    idempotencyKey: 'k',
    publicKey: 'p',
    at: new Date(0),
  };
  expect(redact(fields)).toEqual({ ...fields, at: '1970-01-01T00:00:00.000Z' });
});

test('the ids of a trace are kept when they look like a card number, and nothing else under their names', () => {
  const ids = { traceId: '4242424242424242', spanId: '4242424242424242', parentSpanId: '4242424242424242' };
  expect(redact({ ...ids, span: ids })).toEqual({ ...ids, span: ids });
  expect(redact({ id: '4242424242424242', spanId: 'card 4242424242424242' })).toEqual({
    id: '[redacted]',
    spanId: 'card [redacted]',
  });
});

test('an error is logged with its causes and details, without secrets', () => {
  const cause = Object.assign(new Error('Key (email)=(ada@example.com) already exists'), {
    password: 'hunter2',
    code: '23505',
  });
  const { err } = redact({ err: new Error('could not sign up ada@example.com', { cause }) });
  expect(err).toMatchObject({
    type: 'Error',
    message: 'could not sign up [redacted]',
    cause: { code: '23505', password: '[redacted]' },
  });
  expect(JSON.stringify(err)).not.toMatch(/ada@|hunter2/);
});

test('cycles, depth, length and class instances are bounded', () => {
  const cycle: Record<string, unknown> = {
    list: Array.from({ length: 1_000 }, (_, index) => index),
    big: 10n,
    url: new URL('http://a:b@c/'),
  };
  cycle['self'] = cycle;
  cycle['buffer'] = Buffer.from('hunter2');
  const text = JSON.stringify(redact(cycle));
  expect(text.length).toBeLessThan(10_000);
  expect(text).toContain('[too deep]');
  expect(text).toContain('[Buffer]');
  expect(text).not.toContain('a:b@');
});

test.each([
  ['connect to postgres://order:hunter2@db:5432/order', 'connect to postgres://[redacted]@db:5432/order'],
  ['amqp://guest:p@ss@mq', 'amqp://[redacted]@mq'],
  ['mail to Ada.Lovelace+x@mail.example.co.uk failed', 'mail to [redacted] failed'],
  ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
  ['jwt eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln!', 'jwt [redacted]!'],
  ['card 4242424242424242 was declined', 'card [redacted] was declined'],
  ['card 4242 4242 4242 4242, or 3782-822463-10005', 'card [redacted], or [redacted]'],
  [
    'no card: 4242424242424243, 1766400000000000, 4242424242424242a',
    'no card: 4242424242424243, 1766400000000000, 4242424242424242a',
  ],
  ['at node_modules/fastify@5.12.8/lib/route.js', 'at node_modules/fastify@5.12.8/lib/route.js'],
])('%s', (text, safe) => {
  expect(scrub(text)).toBe(safe);
});

test('a long word does not take quadratic time', () => {
  const start = performance.now();
  scrub(`@${'a'.repeat(200_000)} bearer ${'eyJ'.repeat(50_000)}`);
  expect(performance.now() - start).toBeLessThan(1_000);
});
