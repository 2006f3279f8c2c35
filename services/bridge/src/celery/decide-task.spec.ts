import { schedule, send } from '@emporium/bus';
import { sendWelcomeMail } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { changed, golden, withBody } from '../../test/golden/celery.ts';
import { decideTask } from './decide-task.ts';

const now = new Date('2026-11-29T12:53:00Z');
const decide = (raw: Uint8Array | undefined) => decideTask(raw ?? Buffer.alloc(0), now);
const idOf = (name: string): string => JSON.parse(String(golden.get(name))).headers.id;
const ada = { email: 'ada@shop.example', name: 'Ada Lovelace' };

test.each(['object', 'list', 'keywords'])(
  'a task with its user as %s becomes a request for the mail',
  (name) => {
    const id = idOf(name);
    expect(decide(golden.get(name))).toEqual({
      kind: 'accepted',
      ...{ taskId: id, requestId: id, ignoreResult: false, dueAt: now },
      effects: [send(sendWelcomeMail, { requestId: id, ...ada })],
    });
  },
);

test('a countdown is waited for', () => {
  const id = idOf('countdown');
  const dueAt = new Date('2026-11-29T13:52:59.519Z');
  expect(decide(golden.get('countdown'))).toMatchObject({
    dueAt,
    effects: [schedule(sendWelcomeMail, { requestId: id, ...ada }, dueAt)],
  });
});

test('a task is carried out before it expires, and is revoked afterwards', () => {
  expect(decide(golden.get('expires')).kind).toBe('accepted');
  const result = {
    status: 'REVOKED',
    exception: { type: 'TaskRevokedError', module: 'celery.exceptions', message: 'expired' },
  };
  expect(decide(golden.get('expired'))).toEqual({
    kind: 'ended',
    result: { taskId: idOf('expired'), result },
  });
});

test('a task that expires before its countdown ends is revoked', () => {
  const raw = changed((wire) => ({
    ...wire,
    headers: { ...wire.headers, eta: '2026-11-29T14:00:00', expires: '2026-11-29T13:59:59+00:00' },
  }));
  expect(decide(raw)).toMatchObject({ result: { result: { status: 'REVOKED' } } });
});

test('the result can be ignored, also that of a refused task', () => {
  expect(decide(golden.get('ignore'))).toMatchObject({ kind: 'accepted', ignoreResult: true });
  const refused = decide(
    changed((wire) => ({ ...wire, headers: { ...wire.headers, task: 'x', ignore_result: true } })),
  );
  expect(refused).toEqual({ kind: 'ended', reason: 'there is no task x here, only send_welcome_email' });
});

test('an id that is no UUID becomes one, the same each time', () => {
  const raw = changed((wire) => ({ ...wire, headers: { ...wire.headers, id: 'mail-1' } }));
  const [one, other] = [decide(raw), decide(raw)];
  expect(one).toMatchObject({ taskId: 'mail-1', requestId: '67714b72-c9e4-5641-a5cd-e861e473b21e' });
  expect(other).toEqual(one);
});

test('a task that is not known is refused as a worker of Celery would', () => {
  expect(decide(golden.get('unknown'))).toEqual({
    kind: 'ended',
    reason: 'there is no task tasks.other here, only send_welcome_email',
    result: {
      taskId: idOf('unknown'),
      result: {
        status: 'FAILURE',
        exception: { type: 'NotRegistered', module: 'celery.exceptions', message: 'tasks.other' },
      },
    },
  });
});

const embed = { callbacks: null, errbacks: null, chain: null, chord: null };

test.each<[string, Uint8Array | undefined, RegExp]>([
  ['with compression', golden.get('zlib'), /headers.compression must be absent/],
  ['in pickle, which is not evaluated', golden.get('pickle'), /content-type must be application\/json/],
  ['that calls another one', golden.get('link'), /must not link other tasks/],
  ['of a chain', golden.get('chain'), /must not link other tasks/],
  ['without arguments', withBody([[], {}, embed]), /^user_id must be a whole number; email .*; name /],
  [
    'with too many',
    withBody([[1, 2, 3, 4], {}, embed]),
    /must have the arguments user, or user_id, email and/,
  ],
  ['with a text as its user', withBody([['ada'], {}, embed]), /^user_id must be a whole number/],
  [
    'with no address',
    withBody([[{ ...ada, user_id: 1, email: 'x' }], {}, embed]),
    /^email must be an e-mail/,
  ],
  ['with a NUL', withBody([[{ ...ada, user_id: 1, name: 'A\0' }], {}, embed]), /NUL/],
  ['of protocol 1', withBody({ task: 'x', args: [] }), /must be/],
  [
    'without a time',
    changed((wire) => ({ ...wire, headers: { ...wire.headers, eta: 'soon' } })),
    /headers.eta/,
  ],
  ['of 5 MB', withBody([['x'.repeat(5 * 1024 * 1024)], {}, embed]), /^the message has \d+ bytes/],
])('a task %s is refused, with the reason as its result', (_, raw, reason) => {
  expect(decide(raw)).toEqual({
    kind: 'ended',
    reason: expect.stringMatching(reason),
    result: {
      taskId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      result: {
        status: 'FAILURE',
        exception: { type: 'ValueError', module: 'builtins', message: expect.stringMatching(reason) },
      },
    },
  });
});

test.each([
  ['nothing', ''],
  ['no JSON', 'hello'],
  ['a list', '[]'],
  ['no id', '{"headers":{"task":"send_welcome_email"}}'],
  ['other bytes', Buffer.from([0xff, 0xfe, 0])],
  ['9 MB', Buffer.alloc(9 * 1024 * 1024, 0x20)],
])('an entry with %s is a dead letter without a result', (_, raw) => {
  const decided = decide(Buffer.from(raw));
  expect(decided).toEqual({ kind: 'ended', reason: expect.any(String) });
});
