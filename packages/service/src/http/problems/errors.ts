import { Fault, messageOf, settlementOf } from '@emporium/bus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../log.ts';
import { correlationHeader, correlationOf } from '../correlation.ts';
import { fieldErrors, InvalidRequest } from '../validation/validation.ts';
import { fieldProblem, Problem, problem, problemMediaType, toDocument } from './problem.ts';

/**
 * Creates the error handler, which answers every error with a problem document. An error that is not the caller's fault is logged
 * and answered with a 500 that contains the correlation id and no details.
 */
export const createErrorHandler =
  (log: Log) => (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const known = problemOf(error, request);
    if (known === undefined) {
      log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed');
      return sendProblem(request, reply, internalError);
    }
    if (known === unavailableProblem || known === unstorableProblem)
      log.warn({ route: request.routeOptions.url }, `refused: ${messageOf(error)}`);
    return sendProblem(request, reply, known);
  };

export const sendProblem = (request: FastifyRequest, reply: FastifyReply, what: Problem) => {
  const correlationId = correlationOf(request).correlationId;
  const document = toDocument(what, { instance: pathOf(request.url), correlationId });
  if (what.status === 401) reply.header('www-authenticate', 'Bearer realm="emporium"');
  return (
    reply
      .code(what.status)
      .headers(what.extras.headers ?? {})
      .header('content-type', problemMediaType)
      .header(correlationHeader, correlationId)
      // The response schemas of the route describe its successes only.
      .serializer(JSON.stringify)
      .send(document)
  );
};

export const pathOf = (url: string): string => url.split('?', 1)[0]?.slice(0, 500) ?? '/';

/** A part of the shop, such as a database, is unavailable for a while. */
const unavailableProblem = problem(
  503,
  'unavailable',
  'A part of the shop is unavailable; try again shortly.',
  {
    headers: { 'retry-after': '2' },
  },
);

/** The schema accepted a value that the database never will, such as a number out of range. */
const unstorableProblem = problem(
  422,
  'unstorable',
  'The request contains a value that cannot be stored, such as a number or a time out of range.',
);

const internalError = problem(
  500,
  'internal-error',
  'Something went wrong on our side; quote the correlation id.',
);

const problemOf = (error: unknown, request: FastifyRequest): Problem | undefined => {
  if (error instanceof Problem) return error;
  if (settlementOf(error) === 'pause') return unavailableProblem;
  if (error instanceof Fault && error.code === 'store.unstorable') return unstorableProblem;
  if (error instanceof InvalidRequest)
    return fieldProblem(400, 'invalid-request', fieldErrors(error, request));
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error) ?? '';
  const known = frameworkProblems[code];
  if (known !== undefined) return known();
  if (code === 'ECONNRESET' && !request.raw.complete) return incomplete();
  return isRefusalOfFramework(error, code)
    ? problem(error.statusCode, 'invalid-request', 'The request is malformed.')
    : undefined;
};

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Any that is not listed below: it is the caller's fault all the same. */
const isRefusalOfFramework = (error: Error, code: string): error is Error & { statusCode: number } =>
  code.startsWith('FST_ERR_') &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode >= 400 &&
  error.statusCode < 500;

/** The connection broke, or the chunks were malformed. Usually the client cannot read this any more. */
const incomplete = () => problem(400, 'incomplete-body', 'The body is incomplete.');

const badUrl = () => problem(400, 'invalid-url', 'The path is not valid percent-encoding.');

/** The errors of fastify itself, by code. */
const frameworkProblems: Readonly<Record<string, () => Problem>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    fieldProblem(400, 'invalid-body', [
      { field: 'body', message: 'is not as long as its content-length says' },
    ]),
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    problem(413, 'body-too-large', 'The body is larger than this address accepts.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    problem(415, 'unsupported-media-type', 'The body must be application/json.'),
  FST_ERR_BAD_URL: badUrl,
  FST_ERR_MAX_PARAM_LENGTH: () => problem(404, 'not-found', 'There is nothing at this address.'),
  FST_ERR_HANDLER_TIMEOUT: () =>
    problem(503, 'timed-out', 'The request took too long.', { headers: { 'retry-after': '1' } }),
};
