import { parseConfig } from '@emporium/service';
import { expect, test } from 'vitest';
import { workerConfig } from './config.ts';

const environment = {
  PORT: '4003',
  DATABASE_URL: 'postgres://u:p@127.0.0.1/email',
  TASKS_URL: 'redis://127.0.0.1',
};
const parse = (changes: Record<string, string>) => parseConfig(workerConfig, { ...environment, ...changes });

test('by default mail goes to the development mailbox', () => {
  expect(parse({})).toMatchObject({
    SMTP_URL: 'smtp://127.0.0.1:2525',
    MAIL_FROM: { name: 'Emporium', address: 'shop@emporium.example' },
  });
});

test.each([
  ['a@b.example', { name: '', address: 'a@b.example' }],
  ['<a@b.example>', { name: '', address: 'a@b.example' }],
  ['The Shop <a@b.example>', { name: 'The Shop', address: 'a@b.example' }],
])('accepts the sender %s', (MAIL_FROM, expected) => {
  expect(parse({ MAIL_FROM }).MAIL_FROM).toEqual(expected);
});

test.each(['nobody', 'A <nobody>', 'a@b.example, c@d.example', 'A\r\nBcc: <a@b.example>'])(
  'rejects the invalid sender %s',
  (MAIL_FROM) => {
    expect(() => parse({ MAIL_FROM })).toThrow(/^MAIL_FROM is wrong: must be an e-mail address/);
  },
);

test('SMTP_URL must be an SMTP URL', () => {
  expect(() => parse({ SMTP_URL: 'http://mail.example' })).toThrow(
    /^SMTP_URL is wrong: must be a URL that begins with smtp:/,
  );
});

test('TASKS_URL must be a Redis or PostgreSQL URL', () => {
  expect(() => parse({ TASKS_URL: 'amqp://127.0.0.1' })).toThrow(
    /^TASKS_URL is wrong: must be a URL that begins with postgres:, postgresql:, redis:, rediss:/,
  );
});
