import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkLine } from '../src/log-schema.ts';

const entry = fileURLToPath(new URL('fixtures/log-lines.ts', import.meta.url));
const correlationId = 'corr-12345';
const traceId = '0af7651916cd43dd8448eb211c80319c';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

type Line = Readonly<Record<string, unknown>>;

const start = async () => {
  const port = await freePort();
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env['PATH'], PORT: String(port), LOG_LEVEL: 'debug' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'close').then(([code]) => code);
  const texts = () => output.split('\n').filter((text) => text !== '');
  const find = (field: string, value: unknown): Line | undefined =>
    texts()
      .map((text): Line => JSON.parse(text))
      .find((line) => (value instanceof RegExp ? value.test(String(line[field])) : line[field] === value));
  const call = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { 'x-correlation-id': correlationId, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    }).then((response) => response.arrayBuffer());
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"message":"started"');
  return { child, exit, texts, find, call };
};

const ofRequest = {
  'emporium.correlation_id': correlationId,
  'trace.id': traceId,
  'span.id': expect.stringMatching(/^[0-9a-f]{16}$/),
};
const ofMessage = {
  ...ofRequest,
  'messaging.destination.subscription.name': 'email.welcome',
  'messaging.message.id': expect.any(String),
  'emporium.message.type': 'user.registered',
};

test('a process writes one event a line, with declared fields, and the ids of the request in all that follows from it', async () => {
  const { child, exit, texts, find, call } = await start();
  try {
    await call('/publish/handled');
    await call('/publish/retried');
    await call('/publish/refused');
    await call('/unreadable');
    await call('/broken');
    await call('/warn');
    await expect
      .poll(() => find('message', 'handled'))
      .toMatchObject({ ...ofMessage, 'emporium.attempt': 1 });
    await expect
      .poll(() => find('message', /^retry: no answer/))
      .toMatchObject({
        ...ofMessage,
        'log.level': 'warn',
        'error.code': 'handler.failed',
        'emporium.delay_ms': expect.any(Number),
      });
    await expect
      .poll(() => find('message', /^dead letter: .*is gone/))
      .toMatchObject({ ...ofMessage, 'log.level': 'error', 'error.code': 'bus.permanent' });
    await expect
      .poll(() => find('message', /^dead letter: .*does not fit/))
      .toMatchObject({ ...ofMessage, 'log.level': 'warn', 'error.code': 'bus.invalid_message' });
    expect(find('http.route', '/broken')).toMatchObject({
      ...ofRequest,
      message: 'request failed',
      'error.type': 'Error',
      'error.message': 'of [redacted]\nfailed',
      'error.stack_trace': expect.stringMatching(
        /\n {4}at [\s\S]*caused by: Error: at postgres:\/\/\[redacted\]@db/,
      ),
    });
    expect(find('http.route', '/publish/:name')).toMatchObject({
      ...{ ...ofRequest, message: 'answered', 'http.request.method': 'GET' },
      ...{ 'http.response.status_code': 200, 'emporium.duration_ms': expect.any(Number) },
    });
    expect(find('error.type', 'DeprecationWarning')).toMatchObject({
      'log.level': 'warn',
      'error.message': 'an old\nway for [redacted]',
    });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(find('message', 'draining')).toMatchObject({ 'event.reason': 'SIGTERM' });
    expect(find('message', 'stopped')).toBeDefined();
    expect(texts().flatMap((text) => checkLine(text).map((problem) => `${problem}: ${text}`))).toEqual([]);
    expect(texts().join()).not.toMatch(/ada@|hunter2/);
  } finally {
    child.kill('SIGKILL');
  }
});

test('a crash is one event, too', async () => {
  const { exit, texts, find, call } = await start();
  await call('/crash').catch(() => undefined);
  expect(await exit).toBe(1);
  expect(find('log.level', 'fatal')).toMatchObject({
    message: 'uncaught error',
    'error.type': 'TypeError',
    'error.message': 'nobody\ncatches [redacted]',
    'error.stack_trace': expect.stringContaining('\n    at '),
  });
  expect(texts().flatMap(checkLine)).toEqual([]);
});
