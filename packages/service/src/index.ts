export { type Context, currentContext, newContext, traceIdOf, withContext } from '@emporium/bus';
export { redact, scrub } from '@emporium/telemetry';
export { generateKeyPair, type KeyPair, privateKeyFromText, publicKeyFromText } from './auth/keys.ts';
export {
  createTokenIssuer,
  createTokenVerifier,
  type Role,
  type TokenIssuer,
  type TokenVerifier,
  type User,
} from './auth/tokens.ts';
export { ConfigError, type Environment, parseConfig } from './config/parse-config.ts';
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
} from './config/settings.ts';
export { createService, type ServiceContext, type ServiceDefinition } from './create-service.ts';
export { type CheckResult, createHealth, type Health, type HealthCheck, type Readiness } from './health.ts';
export { type Access, actorOf, bearerTokenOf, currentUser } from './http/access.ts';
export { correlationHeader, correlationOf } from './http/correlation.ts';
export type { ApiDocument } from './http/docs.ts';
export { type ListenOptions, listen } from './http/listen.ts';
export type { ApiDescription } from './http/openapi.ts';
export { nextPage, type Page, type PageOptions, readPage } from './http/pages.ts';
export { sendProblem } from './http/problems/errors.ts';
export type { UpstreamMethods } from './http/problems/not-found.ts';
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
} from './http/problems/problem.ts';
export {
  createHttpServer,
  type HttpReply,
  type HttpRequest,
  type HttpServer,
  type HttpServerOptions,
  type Routes,
} from './http/server.ts';
export { assertPlainUtf8, jsonMediaType, parseJsonBody, textOf } from './http/validation/body.ts';
export {
  cursor,
  pageLimit,
  plainText,
  positiveNumber,
  rfc3339Time,
  wholeNumber,
} from './http/validation/fields.ts';
export { validationMessage } from './http/validation/messages.ts';
export { type Journal, type JournalOptions, openJournal } from './journal.ts';
export { createLog, type Log, type LogOptions } from './log.ts';
export { type ClientRequest, inClientSpan, recordStatus } from './outbound/client-span.ts';
export { outboundErrors } from './outbound/errors.ts';
export {
  createOutbound,
  type Outbound,
  type OutboundAnswer,
  type OutboundOptions,
  type OutboundRequest,
  type Refusals,
} from './outbound/outbound.ts';
export { addressKey } from './people/email-address.ts';
export { emailAddress, personName } from './people/fields.ts';
export {
  type LifecycleStage,
  StageError,
  type Started,
  type Stop,
  startInOrder,
} from './process/lifecycle.ts';
export { main } from './process/process.ts';
export { type RunOptions, runService } from './process/run-service.ts';
export {
  createProcessDetails,
  type DetailsReader,
  type ProcessDetails,
  processDetails,
} from './process-details.ts';
export { reasonOf } from './reason.ts';
export { type RetryOptions, retryUntilSuccess } from './retry.ts';
export { sharedFor } from './shared-for.ts';
export { createTransport, type TransportOptions, transportSchemes } from './transport.ts';
