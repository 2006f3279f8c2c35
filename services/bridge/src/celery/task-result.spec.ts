import { expect, test } from 'vitest';
import { expired, failed, invalid, notRegistered, resultBody, resultKey, succeeded } from './task-result.ts';

/** What `mark_as_done`, `mark_as_failure` and `mark_as_revoked` of Celery 5.7.0 wrote, with the `children` of a worker. */
const golden = [
  '{"status": "SUCCESS", "result": null, "traceback": null, "children": [], "date_done": "2026-11-29T12:52:59.528000+00:00", "task_id": "t"}',
  '{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["email must be an e-mail address"], "exc_module": "builtins"}, "traceback": null, "children": [], "date_done": "2026-11-29T12:52:59.528000+00:00", "task_id": "t"}',
  '{"status": "FAILURE", "result": {"exc_type": "RuntimeError", "exc_message": ["refused"], "exc_module": "builtins"}, "traceback": null, "children": [], "date_done": "2026-11-29T12:52:59.528000+00:00", "task_id": "t"}',
  '{"status": "FAILURE", "result": {"exc_type": "NotRegistered", "exc_message": ["tasks.other"], "exc_module": "celery.exceptions"}, "traceback": null, "children": [], "date_done": "2026-11-29T12:52:59.528000+00:00", "task_id": "t"}',
  '{"status": "REVOKED", "result": {"exc_type": "TaskRevokedError", "exc_message": ["expired"], "exc_module": "celery.exceptions"}, "traceback": null, "children": [], "date_done": "2026-11-29T12:52:59.528000+00:00", "task_id": "t"}',
];

const results = [
  succeeded,
  invalid('email must be an e-mail address'),
  failed('refused'),
  notRegistered('tasks.other'),
  expired,
];

test.each(results.map((result, index) => [result.status, result, golden[index]] as const))(
  'the result %s is what Celery stores',
  (_, result, text = '') => {
    const body = resultBody('t', result, new Date('2026-11-29T12:52:59.528Z'));
    const { date_done, ...rest } = JSON.parse(body);
    const { date_done: theirs, ...expected } = JSON.parse(text);
    expect(rest).toEqual(expected);
    expect([date_done, theirs].map(Date.parse)).toEqual([Date.parse(theirs), Date.parse(theirs)]);
    expect(date_done).toMatch(/\+00:00$/); // Python before 3.11 reads no Z
  },
);

test('it is stored where the client looks', () => expect(resultKey('t')).toBe('celery-task-meta-t'));
