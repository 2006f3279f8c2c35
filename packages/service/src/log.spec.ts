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

test('a line has time, level and message, and the service with its version', () => {
  const { log, last } = recordingLog();
  log.info({ orderId: '1' }, 'placed');
  expect(last()).toEqual({
    'log.level': 'info',
    '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    'service.name': 'order',
    'service.version': expect.stringMatching(/^\d+\.\d+\.\d+$/),
    'process.pid': process.pid,
    'ecs.version': '8.11.0',
    'emporium.order.id': '1',
    message: 'placed',
  });
});

test('within a context, also after an await, a line has its correlation id, trace id and span id', async () => {
  const { log, last } = recordingLog();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await withContext(newContext({ correlationId: 'corr-1', traceparent }), async () => {
    await Promise.resolve();
    log.info('inside');
  });
  expect(last()).toMatchObject({
    'emporium.correlation_id': 'corr-1',
    'trace.id': '0af7651916cd43dd8448eb211c80319c',
    'span.id': 'b7ad6b7169203331',
  });
  log.info('outside');
  expect(last()).not.toHaveProperty(['emporium.correlation_id']);
});

test('an event is one line, also an error with a stack and causes', () => {
  const { log, last, lines } = recordingLog();
  const cause = Object.assign(new Error('connection\nlost'), { code: 'ECONNRESET' });
  log.error({ err: Object.assign(new TypeError('no\nanswer', { cause }), { code: 500, host: 'db' }) });
  log.error({ err: 'not an error' }, 'a text\nof two lines');
  expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2]);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    message: 'no\nanswer',
    'error.type': 'TypeError',
    'error.message': 'no\nanswer',
    'error.code': '500',
    'error.stack_trace': expect.stringMatching(
      /^TypeError: no\nanswer\n {4}at [\s\S]+\ncaused by: Error: connection\nlost\n/,
    ),
    'emporium.error.details': '{"host":"db"}',
  });
  expect(last()).toMatchObject({ message: 'a text\nof two lines', 'error.message': 'not an error' });
});

test('a message and the text of a field have a greatest length', () => {
  const { log, lines } = recordingLog();
  const long = 'x'.repeat(1_000_000);
  log.info({ reason: long, other: { nested: long } }, long);
  log.info(new Error(long));
  log.info('%s', long);
  expect(lines.map((line) => line.length < 60_000)).toEqual([true, true, true]);
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
    message: 'no user [redacted]',
    'error.stack_trace': expect.stringContaining('at postgres://[redacted]@db/x'),
  });
});
