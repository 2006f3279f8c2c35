import { newContext, withContext } from '@emporium/bus';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { recentErrors } from './recent-errors.ts';

const log = createLog({ service: 'order', level: 'debug', destination: { write: () => undefined } });

test('keeps errors with code and correlation id, without secrets, and nothing of other levels', () => {
  const context = newContext();
  withContext(context, () =>
    log.error({ code: 'bus.invalid_message' }, 'dead letter: sent to ada@example.com'),
  );
  log.fatal({ err: new Error('postgres://a:hunter2@db is away') }, 'could not start');
  log.warn('again');
  const [fatal, error] = recentErrors();
  expect(fatal).toEqual({ time: expect.stringMatching(/^\d{4}-.*Z$/), message: 'could not start' });
  expect(error).toEqual({
    time: expect.any(String),
    message: expect.stringMatching(/^dead letter: sent to /),
    code: 'bus.invalid_message',
    correlationId: context.correlationId,
  });
  expect(JSON.stringify(recentErrors())).not.toMatch(/ada@example|hunter2/);
});

test('keeps the newest five, of children too, and cuts long messages', () => {
  const child = log.child({ subscription: 'email.orders' });
  for (let index = 1; index <= 7; index += 1) child.error(`error ${index}`);
  expect(recentErrors().map(({ message }) => message)).toEqual([7, 6, 5, 4, 3].map((n) => `error ${n}`));
  log.error('x'.repeat(10_000));
  expect(recentErrors()[0]?.message).toHaveLength(500);
});
