import type { IncomingMessage, ServerResponse } from 'node:http';
import { withContext } from '@emporium/bus';
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
import type { TokenVerifier } from '../auth/tokens.ts';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import { createProcessDetails } from '../process-details.ts';
import { guardRoutes, type TokenOf } from './access.ts';
import { correlate, correlationOf } from './correlation.ts';
import { detailsRoute } from './details-route.ts';
import { type ApiDocument, showDocs } from './docs.ts';
import { healthRoutes } from './health-routes.ts';
import { type ApiDescription, describeApi } from './openapi.ts';
import { createErrorHandler } from './problems/errors.ts';
import { answerUnknownRoutes, type UpstreamMethods } from './problems/not-found.ts';
import { problem } from './problems/problem.ts';
import { answerBeforeRouting, answerUnreadableRequest } from './problems/raw-problems.ts';
import { onRequestEnd } from './request-end.ts';
import { measureRequest } from './request-metrics.ts';
import { endRequestSpan } from './request-span.ts';
import { acceptOnlyJson, refuseUnreadableUrl } from './validation/body.ts';
import { strict } from './validation/strict.ts';
import { validate } from './validation/validation.ts';

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
  /** When given, every route must declare `config.access`; otherwise all routes are public. */
  readonly tokens?: TokenVerifier;
  /** Reads the token of a request, or throws a 401 problem; `Authorization: Bearer …` by default. */
  readonly tokenOf?: TokenOf;
  readonly routes: readonly Routes[];
  /** The documents that `/docs` shows; the server's own `/openapi.json` by default. */
  readonly documents?: readonly ApiDocument[];
  /** In bytes; 64 KiB by default. A larger body is answered with 413. */
  readonly bodyLimit?: number;
  /**
   * The server is reached from outside of the shop: it has no `/health/details`, and its requests begin traces of their own, which link
   * to those of their callers instead of continuing them.
   */
  readonly isPublic?: boolean;
  /** For a server that forwards requests. */
  readonly upstreamMethods?: UpstreamMethods;
}

/**
 * Creates a server that is not yet listening. It answers every error with an RFC 9457 problem document: a malformed request with
 * a 400 that names the fields (unknown fields are refused, too), an error of the shop with a 500 that contains the correlation id
 * and no details. Every request runs in its context (see `currentContext`).
 */
export const createHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const { log } = options;
  const errorHandler = createErrorHandler(log);
  const server: HttpServer = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Log lines have the correlation id of the request's context: a child logger per request is not needed.
    childLoggerFactory: (logger) => logger,
    bodyLimit: options.bodyLimit ?? 64 * 1_024,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    // While draining, requests on open connections are still answered, and then the connection is closed.
    return503OnClosing: false,
    // Node would refuse a request without a Host header with an empty body: see refuseWithoutHost.
    http: { requireHostHeader: false },
    routerOptions: { maxParamLength: 200 },
    // The default compilers would be loaded here, and never used: 2 MB.
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
    frameworkErrors: errorHandler,
    clientErrorHandler: answerUnreadableRequest,
  }).withTypeProvider<ZodTypeProvider>();

  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler(errorHandler);
  answerBeforeRouting(server.server);
  correlate(server, options.isPublic === true);
  onRequestEnd(server, (request, end) => {
    endRequestSpan(request, end);
    measureRequest(request, end);
  });
  setDefaultHeaders(server);
  refuseWithoutHost(server);
  acceptOnlyJson(server);
  refuseUnreadableUrl(server);
  refuseUnknownFields(server);
  logResponses(server, log);
  answerUnknownRoutes(server, options.upstreamMethods);
  if (options.tokens !== undefined) guardRoutes(server, options.tokens, options.tokenOf);
  healthRoutes(server, options.health);
  if (options.isPublic !== true) detailsRoute(server, createProcessDetails(options.health));
  describeApi(server, options.api);
  showDocs(server, options.documents ?? [{ name: options.api.title, url: '/openapi.json' }], log);
  for (const routes of options.routes) await routes(server);
  return server;
};

const unused = (): never => {
  throw new Error('the compilers of the server are set');
};

/** Fastify passes a missing body as null, which `optional` and `default` of a schema do not accept. */
const validatorCompiler: FastifySchemaCompiler<z.core.$ZodType> = ({ schema, httpPart }) =>
  httpPart === 'body' ? (body) => validate(schema, body ?? undefined) : (part) => validate(schema, part);

/** RFC 9112, 3.2: an HTTP/1.1 request must have a Host header. */
const refuseWithoutHost = (server: HttpServer): void => {
  server.addHook('onRequest', (request, _reply, done) => {
    const isMissing = request.raw.httpVersion === '1.1' && request.headers.host === undefined;
    done(isMissing ? problem(400, 'no-host', 'The request has no Host header.') : undefined);
  });
};

const setDefaultHeaders = (server: HttpServer): void => {
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
    if (schema?.body instanceof z.core.$ZodType) schema.body = strict(schema.body);
    if (schema?.querystring instanceof z.core.$ZodType) schema.querystring = strict(schema.querystring);
  });
};

const logResponses = (server: HttpServer, log: Log): void => {
  if (!log.isLevelEnabled('debug')) return;
  server.addHook('onResponse', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/health/')) return;
    if (request.routeOptions.config.isTraced === false) return;
    const [method, route, status] = [request.method, request.routeOptions.url, reply.statusCode];
    // The end of a streamed response is an event of its stream, outside the request's context.
    withContext(correlationOf(request), () =>
      log.debug({ method, route, status, ms: Math.round(reply.elapsedTime * 10) / 10 }, 'answered'),
    );
  });
};
