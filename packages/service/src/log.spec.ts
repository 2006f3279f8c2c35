import { newContext, withContext } from '@emporium/bus';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

const recordingLog = () => {
  const lines: string[] = [];
  const log = createLog({
    service: 'order',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, last: () => JSON.parse(lines.at(-1) ?? 'null'), lines };
};

test('a line has the service, the time and the name of the level', () => {
  const { log, last } = recordingLog();
  log.info({ orderId: '1' }, 'placed');
  expect(last()).toEqual({
    level: 'info',
    time: expect.stringMatching(/Z$/),
    service: 'order',
    orderId: '1',
    msg: 'placed',
  });
});

test('within a context, also after an await, a line has its correlation id and trace id', async () => {
  const { log, last } = recordingLog();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await withContext(newContext({ correlationId: 'corr-1', traceparent }), async () => {
    await Promise.resolve();
    log.info('inside');
  });
  expect(last()).toMatchObject({ correlationId: 'corr-1', traceId: '0af7651916cd43dd8448eb211c80319c' });
  log.info('outside');
  expect(last()).not.toHaveProperty('correlationId');
});

test('no part of a line contains secrets: fields, bindings, message, values, errors', () => {
  const { log, lines } = recordingLog();
  const error = new Error('no user ada@example.com', { cause: new Error('at postgres://a:hunter2@db/x') });
  log.info({ user: { email: 'ada@example.com', sessions: [{ token: 'hunter2' }] } }, 'for ada@example.com');
  log
    .child({ request: { headers: { authorization: 'hunter2' } } })
    .info('to %s %o', 'ada@example.com', { password: 'hunter2' });
  log.error(error);
  log.error({ err: error });
  log.error({ err: error }, 'failed for ada@example.com');
  log.info('ada@example.com');
  expect(lines).toHaveLength(6);
  expect(lines.join('')).not.toMatch(/ada@example|hunter2/);
  expect(lines[1]).toContain('to [redacted]');
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({
    msg: 'no user [redacted]',
    err: { cause: { message: 'at postgres://[redacted]@db/x' } },
  });
});
