import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { contextOf } from './correlation.ts';
import { type Problem, problem, problemMediaType, toDocument } from './problem.ts';

/** Answers what Node's server would refuse by itself, without a body or not at all. */
export const answerBeforeRouting = (server: Server): void => {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    endWith(
      socket,
      problem(405, 'method-not-allowed', 'This server is no proxy.', { headers: { allow: 'GET' } }),
    );
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const what = problem(417, 'unknown-expectation', 'Only Expect: 100-continue is understood.');
    const { headers, body } = written(what);
    response.writeHead(what.status, headers).end(request.method === 'HEAD' ? undefined : body);
  });
};

/** What is no HTTP request at all, or a header too large: there is no request object yet, only the socket. */
export const answerUnreadableRequest = (error: Error & { code?: string }, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = clientErrors[error.code ?? ''] ?? 400;
  endWith(
    socket,
    problem(status, 'unreadable-request', 'The request is no valid HTTP, too large or too slow.'),
  );
};

const clientErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const endWith = (socket: Duplex, what: Problem): void => {
  const { headers, body } = written(what);
  const head = [
    `HTTP/1.1 ${what.status} ${STATUS_CODES[what.status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};

const written = (what: Problem) => {
  const { correlationId } = contextOf({});
  const body = JSON.stringify(toDocument(what, { instance: '', correlationId }));
  const headers = {
    'content-type': problemMediaType,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-correlation-id': correlationId,
    connection: 'close',
    ...what.extras.headers,
  };
  return { headers, body };
};
