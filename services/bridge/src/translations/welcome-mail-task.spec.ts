import { expect, test } from 'vitest';
import { golden } from '../../test/golden/celery.ts';
import { translateJson } from '../translation.ts';
import { isWelcomeMailTask, welcomeMailTask } from './welcome-mail-task.ts';

const requestId = '0f9d3717-3aa4-4e38-8239-482c1d97d844';
const translate = (body: string | Uint8Array) => translateJson(welcomeMailTask, Buffer.from(body), requestId);

/** The body that the client of Celery has written. */
const recorded = (name: string) => Buffer.from(JSON.parse(String(golden.get(name))).body, 'base64');

test.each(['object', 'list', 'keywords'])(
  'the arguments of a call with its user as %s become our command',
  (name) => {
    expect(translate(recorded(name))).toMatchObject({
      kind: 'translated',
      data: { requestId, email: 'ada@shop.example', name: 'Ada Lovelace' },
    });
  },
);

test.each([
  ['[[1], {"email": "ada@shop.example", "name": "Ada"}, {}]'],
  ['[[1, "ada@shop.example"], {"name": "Ada", "locale": "en"}, {}]'],
  ['[[], {"user": {"user_id": 1, "email": "ada@shop.example", "name": "Ada"}}, {"callbacks": []}]'],
])('%s is read as a Python function would', (body) => {
  expect(translate(body)).toMatchObject({ data: { email: 'ada@shop.example', name: 'Ada' } });
});

const embed = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

test.each<[string, string | Uint8Array, RegExp]>([
  [
    'without arguments',
    `[[], {}, ${embed}]`,
    /^user_id must be a whole number; email is missing; name is miss/,
  ],
  [
    'with too many',
    `[[1, 2, 3, 4], {}, ${embed}]`,
    /must have the arguments user, or user_id, email and name$/,
  ],
  ['with a text as the user', `[["ada"], {}, ${embed}]`, /^user_id must be a whole number/],
  ['with no address', `[[1, "x", "Ada"], {}, ${embed}]`, /^email must be an e-mail address$/],
  ['with a NUL', `[[1, "a@b.example", "A\\u0000"], {}, ${embed}]`, /NUL/],
  ['without the third part', '[[], {}]', /must have at least 3 entries/],
  ['that are an object', '{"args": []}', /^the message must be/],
  ['that are no JSON', 'args', /^the message must be JSON$/],
  ['with a link to another task', recorded('link'), /must not link other tasks/],
  ['of a chain', recorded('chain'), /must not link other tasks/],
  ['of a chord', '[[], {}, {"chord": {"task": "x"}}]', /must not link other tasks/],
])('arguments %s are refused', (_, body, reason) => {
  expect(translate(body)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
});

test('the task may be of any module', () => {
  const names = ['send_welcome_email', 'tasks.send_welcome_email', 'a.b.send_welcome_email'];
  expect(names.every(isWelcomeMailTask)).toBe(true);
  expect(['resend_welcome_email', 'send_welcome_email.x', ''].some(isWelcomeMailTask)).toBe(false);
});
