import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createHealth, createHttpServer, createLog, type HttpServer } from '../src/index.ts';

const lines: string[] = [];
let server: HttpServer;
let port: number;

beforeEach(async () => {
  lines.length = 0;
  server = await createHttpServer({
    log: createLog({
      service: 'test',
      level: 'warn',
      destination: { write: (line) => void lines.push(line) },
    }),
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

/** Sends raw bytes, and returns what the server sends until it closes the connection. */
const exchange = async (bytes: string): Promise<{ head: string; body: unknown }> => {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { head, body: JSON.parse(body) };
};

test('input that is not HTTP is answered with a problem document', async () => {
  const { head, body } = await exchange('HELLO\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(body).toMatchObject({
    status: 400,
    type: 'urn:emporium:problem:unreadable-request',
    correlationId: expect.any(String),
  });
});

test.each([
  [
    'an unknown expectation',
    'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 200-maybe\r\n\r\n',
    417,
  ],
  ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n', 405],
  ['no host', 'GET /things HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
  [
    'two lengths',
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
    400,
  ],
  ['an invalid length', 'POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n{}', 400],
  [
    'a length and chunks',
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
    400,
  ],
  [
    'an unknown transfer encoding',
    'POST /things HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n{}',
    400,
  ],
  [
    'a malformed chunk',
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['a header without a name', 'GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n', 400],
  ['another version', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a method in small letters', 'get /things HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['an unknown method', 'NONSENSE /things HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['QUERY without a type', 'QUERY /things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 405],
  ['a space in the path', 'GET /a b HTTP/1.1\r\nhost: x\r\n\r\n', 400],
])('%s is answered with a problem document, and logs nothing', async (_what, bytes, status) => {
  const { head, body } = await exchange(bytes);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head.toLowerCase()).toContain('content-type: application/problem+json');
  expect(body).toMatchObject({ status, type: expect.stringMatching(/^urn:emporium:problem:/) });
  expect(lines).toEqual([]);
});

test('OPTIONS * is answered for the whole server', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  const [chunk] = await once(socket, 'data');
  expect(String(chunk)).toMatch(/^HTTP\/1.1 204 /);
  socket.destroy();
});

test('a client that disconnects in the middle of a body causes no error', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  );
  await setTimeout(50);
  socket.destroy();
  await setTimeout(50);
  expect(lines).toEqual([]);
});

test('headers that are too large answer 431', async () => {
  const { body } = await exchange(`GET / HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(body).toMatchObject({ status: 431 });
});

test('a body whose content-length is too large is refused before it is sent', async () => {
  const { body } = await exchange(
    'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n{',
  );
  expect(body).toMatchObject({ status: 413 });
});

test('a chunked body is measured as it arrives', async () => {
  const chunk = `${(70_000).toString(16)}\r\n${' '.repeat(70_000)}\r\n`;
  const { body } = await exchange(
    `POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
  );
  expect(body).toMatchObject({ status: 413 });
});

test('deeply nested JSON is answered with 400', async () => {
  const deep = `${'['.repeat(30_000)}"\\u0000"${']'.repeat(30_000)}`;
  const answer = await fetch(`http://127.0.0.1:${port}/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: deep,
  });
  expect(answer.status).toBe(400);
});
