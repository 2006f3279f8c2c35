import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { contextOf } from '../correlation.ts';
import { type Problem, problem, problemMediaType, toDocument } from './problem.ts';
import { titleOf } from './status-title.ts';

/** Answers requests that Node's server would refuse without a body, or not answer at all. */
export const answerBeforeRouting = (server: Server): void => {
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    endWith(
      socket,
      problem(405, 'method-not-allowed', 'This server is not a proxy.', { headers: { allow: 'GET' } }),
    );
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const answer = problem(
      417,
      'unknown-expectation',
      'The only supported expectation is Expect: 100-continue.',
    );
    const { headers, body } = serialise(answer);
    response.writeHead(answer.status, headers).end(request.method === 'HEAD' ? undefined : body);
  });
};

/** Answers input that is not an HTTP request, or whose headers are too large. There is no request object yet. */
export const answerUnreadableRequest = (error: Error & { code?: string }, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = clientErrors[error.code ?? ''] ?? 400;
  endWith(
    socket,
    problem(status, 'unreadable-request', 'The request is not valid HTTP, or it is too large or too slow.'),
  );
};

const clientErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const endWith = (socket: Duplex, answer: Problem): void => {
  const { headers, body } = serialise(answer);
  const head = [
    `HTTP/1.1 ${answer.status} ${titleOf(answer.status)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};

const serialise = (answer: Problem) => {
  const { correlationId } = contextOf({});
  const body = JSON.stringify(toDocument(answer, { instance: '', correlationId }));
  const headers = {
    'content-type': problemMediaType,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-correlation-id': correlationId,
    connection: 'close',
    ...answer.extras.headers,
  };
  return { headers, body };
};
