export { type Context, currentContext, newContext, traceIdOf, withContext } from '@emporium/bus';
export { ConfigError, type Environment, parseConfig } from './config.ts';
export { createService, type ServiceContext, type ServiceDefinition } from './create-service.ts';
export { type CheckResult, createHealth, type Health, type HealthCheck, type Readiness } from './health.ts';
export { type Access, bearerTokenOf, currentUser } from './http/access.ts';
export { assertPlainUtf8, jsonMediaType, parseJsonBody, textOf } from './http/body.ts';
export { correlationHeader, correlationOf } from './http/correlation.ts';
export type { ApiDocument } from './http/docs.ts';
export { sendProblem } from './http/errors.ts';
export { cursor, pageLimit, plainText, wholeNumber } from './http/fields.ts';
export { type Listening, listen } from './http/listen.ts';
export type { MethodsElsewhere } from './http/not-found.ts';
export type { ApiDescription } from './http/openapi.ts';
export { nextPage, type Page, type PageOptions, readPage } from './http/pages.ts';
export {
  type FieldError,
  fieldProblem,
  Problem,
  type ProblemDocument,
  type ProblemExtras,
  problem,
  problemDocument,
  problemMediaType,
  problemType,
} from './http/problem.ts';
export {
  createHttpServer,
  type HttpReply,
  type HttpRequest,
  type HttpServer,
  type HttpServerOptions,
  type Routes,
} from './http/server.ts';
export { type Journal, type JournalOptions, openJournal } from './journal.ts';
export { generateKeyPair, type KeyPair, privateKeyFromText, publicKeyFromText } from './keys.ts';
export { type LifecycleStage, StageError, type Started, type Stop, startInOrder } from './lifecycle.ts';
export { createLog, type Log, type LogOptions } from './log.ts';
export {
  createOutbound,
  type Outbound,
  type OutboundAnswer,
  type OutboundOptions,
  type OutboundRequest,
  outboundErrors,
  type Refusals,
} from './outbound.ts';
export { main } from './process.ts';
export { reasonOf } from './reason.ts';
export { redact, scrub } from './redaction.ts';
export { type RetryOptions, retryUntilSuccess } from './retry.ts';
export { type RunOptions, runService } from './run-service.ts';
export {
  httpUrl,
  logLevel,
  milliseconds,
  type ProcessConfig,
  port,
  processConfig,
  publicKey,
  type ServiceConfig,
  secret,
  serviceConfig,
  streamUrl,
  url,
} from './settings.ts';
export {
  createTokenIssuer,
  createTokenVerifier,
  type Role,
  type TokenIssuer,
  type TokenVerifier,
  type User,
} from './tokens.ts';
export { createTransport, type TransportOptions, transportSchemes } from './transport.ts';
