import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createHealth, createHttpServer, createLog, type HttpServer } from '../src/index.ts';

let server: HttpServer;
let port: number;

beforeEach(async () => {
  server = await createHttpServer({
    log: createLog({ service: 'test', level: 'silent' }),
    health: createHealth(),
    api: { title: 'Test', description: 'A server for tests' },
    routes: [
      (app) => {
        app.post('/things', { schema: { body: z.object({ note: z.string() }) } }, () => ({ ok: true }));
      },
    ],
  });
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterEach(() => server.close());

/** Sends bytes as they are, and gives back all that comes until the server closes. */
const exchange = async (bytes: string): Promise<{ head: string; body: unknown }> => {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { head, body: JSON.parse(body) };
};

test('what is no HTTP is answered with a problem document', async () => {
  const { head, body } = await exchange('HELLO\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(body).toMatchObject({
    status: 400,
    type: 'urn:emporium:problem:unreadable-request',
    correlationId: expect.any(String),
  });
});

test('headers that are too large answer 431', async () => {
  const { body } = await exchange(`GET / HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(body).toMatchObject({ status: 431 });
});

test('a body that is announced as too large is refused before it is sent', async () => {
  const { body } = await exchange(
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n{',
  );
  expect(body).toMatchObject({ status: 413 });
});

test('a chunked body is counted as it comes', async () => {
  const chunk = `${(70_000).toString(16)}\r\n${' '.repeat(70_000)}\r\n`;
  const { body } = await exchange(
    `POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
  );
  expect(body).toMatchObject({ status: 413 });
});

test('deeply nested JSON is refused like any other', async () => {
  const deep = `${'['.repeat(30_000)}"\\u0000"${']'.repeat(30_000)}`;
  const answer = await fetch(`http://127.0.0.1:${port}/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: deep,
  });
  expect(answer.status).toBe(400);
});
