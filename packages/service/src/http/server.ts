import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaCompiler,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import type { TokenVerifier } from '../tokens.ts';
import { guardRoutes, type TokenOf } from './access.ts';
import { acceptJsonAlone, refuseUnreadableUrl } from './body.ts';
import { correlate, correlationOf } from './correlation.ts';
import { type ApiDocument, showDocs } from './docs.ts';
import { answerError } from './errors.ts';
import { healthRoutes } from './health-routes.ts';
import { answerUnknownRoutes, type MethodsElsewhere } from './not-found.ts';
import { type ApiDescription, describeApi } from './openapi.ts';
import { problem } from './problem.ts';
import { answerBeforeRouting, answerUnreadableRequest } from './raw-problems.ts';
import { strictly } from './strictly.ts';
import { validate } from './validation.ts';

/** A fastify server whose routes take zod schemas and infer their types from them. */
export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export type HttpRequest = FastifyRequest;
export type HttpReply = FastifyReply;

/** Adds routes to a server. */
export type Routes = (server: HttpServer) => void | Promise<void>;

export interface HttpServerOptions {
  readonly log: Log;
  readonly api: ApiDescription;
  readonly health: Health;
  /** With it, every route must declare `config.access`; without it, all are public. */
  readonly tokens?: TokenVerifier;
  /** Where a request has its token; throws a 401 problem. `Authorization: Bearer …` unless given. */
  readonly tokenOf?: TokenOf;
  readonly routes: readonly Routes[];
  /** What `/docs` shows; the server's own `/openapi.json` unless given. */
  readonly documents?: readonly ApiDocument[];
  /** In bytes; 64 KiB unless given. A larger body answers 413. */
  readonly bodyLimit?: number;
  /** For a server that forwards requests. */
  readonly methodsElsewhere?: MethodsElsewhere;
}

/**
 * A server, not yet listening, that answers every error with an RFC 9457 problem document: 400 for a malformed request
 * (with the fields named; unknown fields are refused), 401 and 403, 404, 405, 413, 415; a fault of ours is a 500 that
 * shows a correlation id and nothing else. Every request runs in its context (see `currentContext`).
 */
export const createHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const { log } = options;
  const answer = answerError(log);
  const server: HttpServer = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // The context of a line names its request: no child logger is made for each.
    childLoggerFactory: (logger) => logger,
    bodyLimit: options.bodyLimit ?? 64 * 1_024,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    // While draining, what still arrives on an open connection is served, and the connection closed after it.
    return503OnClosing: false,
    // Node refuses a request without a host by itself, with an empty body: see refuseWithoutHost.
    http: { requireHostHeader: false },
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: answer,
    clientErrorHandler: answerUnreadableRequest,
  }).withTypeProvider<ZodTypeProvider>();

  server.setValidatorCompiler(validating);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(answer);
  answerBeforeRouting(server.server);
  correlate(server);
  setSaneHeaders(server);
  refuseWithoutHost(server);
  acceptJsonAlone(server);
  refuseUnreadableUrl(server);
  refuseUnknownFields(server);
  logAnswers(server, log);
  answerUnknownRoutes(server, options.methodsElsewhere);
  if (options.tokens !== undefined) guardRoutes(server, options.tokens, options.tokenOf);
  healthRoutes(server, options.health);
  await describeApi(server, options.api);
  showDocs(server, options.documents ?? [{ name: options.api.title, url: '/openapi.json' }], log);
  for (const routes of options.routes) await routes(server);
  return server;
};

/** Fastify gives an absent body as null, which no schema's `optional` or `default` would take. */
const validating: FastifySchemaCompiler<z.core.$ZodType> = ({ schema, httpPart }) =>
  httpPart === 'body' ? (body) => validate(schema, body ?? undefined) : (part) => validate(schema, part);

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host. */
const refuseWithoutHost = (server: HttpServer): void => {
  server.addHook('onRequest', (request, _reply, done) => {
    const isWithout = request.raw.httpVersion === '1.1' && request.headers.host === undefined;
    done(isWithout ? problem(400, 'no-host', 'The request has no Host header.') : undefined);
  });
};

const setSaneHeaders = (server: HttpServer): void => {
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (isClosing) reply.header('connection', 'close');
  });
};

const refuseUnknownFields = (server: HttpServer): void => {
  server.addHook('onRoute', ({ schema }) => {
    if (schema?.body instanceof z.core.$ZodType) schema.body = strictly(schema.body);
    if (schema?.querystring instanceof z.core.$ZodType) schema.querystring = strictly(schema.querystring);
  });
};

const logAnswers = (server: HttpServer, log: Log): void => {
  if (!log.isLevelEnabled('debug')) return;
  server.addHook('onResponse', async (request, reply) => {
    const { correlationId } = correlationOf(request);
    const [method, route, status] = [request.method, request.routeOptions.url, reply.statusCode];
    log.debug(
      { method, route, status, ms: Math.round(reply.elapsedTime * 10) / 10, correlationId },
      'answered',
    );
  });
};
