import type { HttpReply, HttpRequest, Routes } from '@emporium/service';
import { type Encoding, encodingOf, maxBodyBytes, parseBody } from '../otlp/body.ts';
import { writeResponse, writeStatus } from '../otlp/protobuf.ts';
import { readRequest } from '../otlp/read-request.ts';
import { RefusedBody } from '../otlp/refused-body.ts';
import { InvalidField } from '../otlp/values.ts';
import type { SpanBuffer } from '../spans/span-buffer.ts';

/** Codes of gRPC, which the body of a failure has. */
const invalidArgument = 3;
const resourceExhausted = 8;
const unavailable = 14;

/**
 * Receives spans by OTLP 1.x over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): JSON or protobuf, compressed with gzip or not. It
 * is for the processes of the shop, on the service's own port: the gateway does not forward it. Its requests are neither logged nor spans, since
 * each would be followed by another.
 */
export const otlpRoutes =
  (buffer: SpanBuffer): Routes =>
  async (server) => {
    await server.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        '*',
        { parseAs: 'buffer', bodyLimit: maxBodyBytes },
        (_request, body, done) => done(null, body),
      );
      scope.setErrorHandler((error, request, reply) => fail(request, reply, error));
      scope.post(
        '/v1/traces',
        { bodyLimit: maxBodyBytes, config: { access: 'public', isTraced: false }, schema: { hide: true } },
        async (request, reply) => {
          const encoding = encodingOf(request.headers['content-type']);
          if (encoding === undefined) throw unknownMediaType();
          const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          const body = await parseBody(bytes, encoding, request.headers['content-encoding']);
          const { spans, rejected, firstReason = '' } = readRequest(body, { now: Date.now() });
          const added = buffer.add(spans);
          if (added === 'too large') throw new RefusedBody(413, 'body has more spans than can wait at once');
          if (added === 'full') return tooMany(request, reply);
          if (rejected > 0) buffer.counts.add('refused', rejected);
          return succeed(
            reply,
            encoding,
            rejected,
            rejected > 1 ? `${firstReason}, and others` : firstReason,
          );
        },
      );
    });
  };

const unknownMediaType = () =>
  new RefusedBody(415, 'content-type must be application/json or application/x-protobuf');

const succeed = (reply: HttpReply, encoding: Encoding, rejectedSpans: number, errorMessage: string) => {
  if (encoding === 'protobuf')
    return reply.type('application/x-protobuf').send(Buffer.from(writeResponse(rejectedSpans, errorMessage)));
  // 64-bit numbers are texts in the JSON of protobuf.
  const partialSuccess = { rejectedSpans: String(rejectedSpans), errorMessage };
  return reply.type('application/json').send(JSON.stringify(rejectedSpans === 0 ? {} : { partialSuccess }));
};

const tooMany = (request: HttpRequest, reply: HttpReply) =>
  status(request, reply.header('retry-after', '2'), {
    httpStatus: 503,
    code: resourceExhausted,
    message: 'more spans arrive than can be stored; these were not taken',
  });

const fail = (request: HttpRequest, reply: HttpReply, error: unknown) => {
  if (error instanceof InvalidField)
    return status(request, reply, { httpStatus: 400, code: invalidArgument, message: error.message });
  if (error instanceof RefusedBody)
    return status(request, reply, {
      httpStatus: error.status,
      code: invalidArgument,
      message: error.message,
    });
  const known = frameworkStatus(error);
  if (known === 413)
    return status(request, reply, {
      ...{ httpStatus: 413, code: invalidArgument },
      message: `body must be at most ${maxBodyBytes} bytes`,
    });
  if (known !== undefined)
    return status(request, reply, {
      ...{ httpStatus: known, code: invalidArgument },
      message: 'the request is malformed',
    });
  request.log.error({ err: error, route: '/v1/traces' }, 'request failed');
  return status(request, reply.header('retry-after', '2'), {
    ...{ httpStatus: 503, code: unavailable },
    message: 'spans cannot be taken at the moment',
  });
};

/** Of a request that the framework refuses. */
const frameworkStatus = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number')
    return undefined;
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined;
};

interface Failure {
  readonly httpStatus: number;
  readonly code: number;
  readonly message: string;
}

/** In the encoding of the request, as OTLP says. */
const status = (request: HttpRequest, reply: HttpReply, { httpStatus, code, message }: Failure) =>
  encodingOf(request.headers['content-type']) === 'protobuf'
    ? reply
        .code(httpStatus)
        .type('application/x-protobuf')
        .send(Buffer.from(writeStatus(code, message)))
    : reply.code(httpStatus).type('application/json').send(JSON.stringify({ code, message }));
