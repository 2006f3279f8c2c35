import { setTimeout as sleep } from 'node:timers/promises';
import { type Log as BusLog, currentContext, Fault, messageOf } from '@emporium/bus';
import { activeSpan, attribute, type Span } from '@emporium/telemetry';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { z } from 'zod';
import { circuitBreakerOpen, clientDuration } from '../metrics.ts';
import { retryDelayMs } from './backoff.ts';
import { inClientSpan, recordStatus } from './client-span.ts';
import { outboundErrors } from './errors.ts';
import { codeOf, describeMismatch, faultOf, type OutboundResponse, readJson } from './response.ts';
import { retryAfterMsOf } from './retry-after.ts';

export interface OutboundOptions {
  /** The name of the service, for logs and errors, such as `the carrier`. */
  readonly peer: string;
  readonly url: string;
  /** Sent as `Authorization: Bearer <key>`. */
  readonly apiKey: string;
  /** For one attempt, including the body of the response. */
  readonly timeoutMs: number;
  readonly log: BusLog;
  /** Milliseconds from the opening of the circuit breaker to its next trial; 1000 by default. */
  readonly trialAfterMs?: number;
}

/**
 * A request, and the responses that the caller knows. Every other response is a failure, whatever its status: that of a proxy, a
 * wrong address or a broken server is never taken for a decision of the peer.
 */
export interface OutboundRequest<Success extends z.ZodType, Code extends string> {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash; appended to the URL. */
  readonly path: string;
  readonly body?: unknown;
  /** The same for every repetition, so that the peer carries out the request once. */
  readonly idempotencyKey?: string;
  /** Of the delivery that makes the request. */
  readonly signal: AbortSignal;
  /** The JSON body of a 2xx response. Fields that repeat the request, such as the amount, should be literals of the schema. */
  readonly success: Success;
  /** The refusals, by status and the `code` in the body. */
  readonly refusals: Refusals<Code>;
}

export type Refusals<Code extends string = string> = Readonly<Record<number, readonly Code[]>>;

export type OutboundAnswer<Body, Code extends string> =
  | { readonly kind: 'success'; readonly body: Body }
  | { readonly kind: 'refused'; readonly code: Code };

/** A client for a third party's service. */
export interface Outbound {
  /**
   * Makes up to three attempts, with jittered backoff, after a timeout, a lost connection, a 5xx or an unexpected response. While
   * the peer is busy with the request (409, 423, 425) it retries for 10 s, or for as long as `Retry-After` says, up to a minute.
   *
   * Then it throws `outbound.failed`, `outbound.unexpected` or `outbound.busy`, which count as an attempt of the delivery; or
   * `outbound.throttled`, `outbound.key_refused` or, unless the circuit breaker is closed, `outbound.away`, which pause deliveries
   * and do not count. Five failures in a row open the breaker, and two successes in three trials close it: a single request that
   * always fails does not keep it open for the others.
   */
  request<Success extends z.ZodType, const Code extends string>(
    request: OutboundRequest<Success, Code>,
  ): Promise<OutboundAnswer<z.output<Success>, Code>>;
}

const failuresToOpen = 5;
const trials = { calls: 3, threshold: 0.5 };

/** Failures that open the circuit breaker when they happen in a row. */
const isFailure = (error: unknown): error is Fault =>
  error instanceof Fault &&
  ['outbound.failed', 'outbound.unexpected', 'outbound.key_refused'].includes(error.code);

export const createOutbound = (options: OutboundOptions): Outbound => {
  // Imported on demand: it takes 4 MB, and most services send no requests.
  const client = import('undici');
  const { peer, url, apiKey, timeoutMs, log, trialAfterMs = 1_000 } = options;
  const base = url.replace(/\/+$/, '');
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: trialAfterMs,
    halfOpenSampling: trials,
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  let isOpen = false;
  circuitBreakerOpen.from(() => [{ labels: { service_peer_name: peer }, value: isOpen ? 1 : 0 }]);
  breaker.onBreak((reason) => {
    if (!isOpen) log.warn({ peer, reason: describeBreak(reason) }, 'circuit breaker opened');
    isOpen = true; // a failed trial opens it again, which is not logged
  });
  breaker.onReset(() => {
    isOpen = false;
    log.info({ peer }, 'circuit breaker closed');
  });
  const policy = wrap(
    breaker,
    timeout(timeoutMs, { strategy: TimeoutStrategy.Cooperative, abortOnReturn: false }),
  );

  const detailsOf = ({ method, path }: AnyRequest) => ({ peer, request: `${method} ${path}` });

  const send = async (request: AnyRequest, signal: AbortSignal, span: Span): Promise<OutboundResponse> => {
    const { method, path, body, idempotencyKey } = request;
    const { request: httpRequest } = await client;
    const began = performance.now();
    const ended = (status: number | undefined, errorType: string): void =>
      clientDuration.observe(
        (performance.now() - began) / 1_000,
        {
          service_peer_name: peer,
          http_request_method: method,
          http_response_status_code: String(status ?? ''),
          error_type: errorType,
        },
        currentContext()?.traceparent,
      );
    try {
      const response = await httpRequest(base + path, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { statusCode: status, headers } = response;
      recordStatus(span, status);
      const read = await readJson(response.body);
      ended(status, status < 400 ? '' : String(status));
      return { status, retryAfterMs: retryAfterMsOf(headers['retry-after']), body: read };
    } catch (error) {
      if (request.signal.aborted) throw error;
      ended(undefined, signal.aborted ? 'timeout' : 'connection');
      const cause = signal.aborted ? new Error(`no response within ${timeoutMs} ms`) : rootCauseOf(error);
      throw outboundErrors.failed({ ...detailsOf(request), cause });
    }
  };

  const attempt = async <Success extends z.ZodType, Code extends string>(
    request: OutboundRequest<Success, Code>,
    signal: AbortSignal,
    span: Span,
  ): Promise<OutboundAnswer<z.output<Success>, Code>> => {
    const response = await send(request, signal, span);
    const { status, body } = response;
    const code = codeOf(body);
    const refusal = request.refusals[status]?.find((known) => known === code);
    if (refusal !== undefined) return { kind: 'refused', code: refusal };
    if (status < 200 || status >= 300) throw faultOf({ ...detailsOf(request), status, code }, response);
    const success = request.success.safeParse(body);
    if (success.success) return { kind: 'success', body: success.data };
    const cause = new Error(describeMismatch(success.error));
    throw outboundErrors.unexpected({ ...detailsOf(request), status, cause });
  };

  /** Replaces the failure by `outbound.away` unless the breaker is closed. */
  const orAway = (error: unknown): unknown => {
    const isAway =
      error instanceof BrokenCircuitError || (isFailure(error) && breaker.state !== CircuitState.Closed);
    if (!isAway) return error;
    const last = breaker.lastFailure;
    const cause = last === undefined ? error : causeOf(last);
    return outboundErrors.away({ peer, retryAfterMs: trialAfterMs, cause });
  };

  return {
    request: async (request) => {
      request.signal.throwIfAborted();
      await client; // the time for an attempt does not begin before it is loaded
      for (let attempts = 1, waitedMs = 0; ; attempts += 1) {
        try {
          return await policy.execute(
            ({ signal }) =>
              inClientSpan({ method: request.method, peer, url: base, resends: attempts - 1 }, (span) =>
                attempt(request, signal, span),
              ),
            request.signal,
          );
        } catch (error) {
          const fault = orAway(error);
          if (error instanceof BrokenCircuitError)
            activeSpan()?.addEvent('circuit breaker is open: not sent', { [attribute.peer]: peer });
          const delayMs = retryDelayMs(fault, attempts, waitedMs);
          if (delayMs === undefined) throw fault;
          await sleep(delayMs, undefined, { signal: request.signal });
          waitedMs += delayMs;
        }
      }
    },
  };
};

type AnyRequest = Pick<
  OutboundRequest<z.ZodType, string>,
  'method' | 'path' | 'body' | 'idempotencyKey' | 'signal'
>;

/** The message of an HTTP client's error says little; its cause says what went wrong. */
const rootCauseOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

type Failure = { readonly error: unknown } | { readonly value: unknown };

const causeOf = (failure: Failure): unknown => ('error' in failure ? failure.error : failure.value);

const describeBreak = (reason: Failure | { readonly isolated: true }): string =>
  'isolated' in reason ? 'opened manually' : messageOf(causeOf(reason));
