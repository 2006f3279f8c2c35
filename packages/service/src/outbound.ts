import { type Log as BusLog, catalogue, Fault, messageOf } from '@emporium/bus';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { request } from 'undici';

export const outboundErrors = catalogue('outbound', {
  /** This request failed, the other side as a whole may be well. */
  failed: { settle: 'retry', message: 'The request failed' },
  away: { settle: 'pause', message: 'The other side is away' },
  key_refused: { settle: 'pause', message: 'The other side refuses our key; set the right one' },
  unexpected: { settle: 'dead-letter', message: 'The other side gave an answer that is in no agreement' },
});

export interface OutboundOptions {
  /** The other side, for logs and errors: `the carrier`. */
  readonly peer: string;
  readonly url: string;
  /** Sent as `Authorization: Bearer <key>`. */
  readonly apiKey: string;
  /** For one try, body included. */
  readonly timeoutMs: number;
  readonly log: BusLog;
  /** From the opening of the circuit breaker to its next trial; a second unless given. */
  readonly trialAfterMs?: number;
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  /** Beginning with a slash; appended to the URL. */
  readonly path: string;
  readonly body?: unknown;
  /** The same for every repetition, so that the other side does once what is asked twice. */
  readonly idempotencyKey?: string;
  /** Gives up without an answer; of the delivery that asks. */
  readonly signal: AbortSignal;
}

/** A success, or a refusal for a reason that repeating will not change: never a 401, 403, 408, 425, 429 or 5xx. */
export interface OutboundAnswer {
  readonly status: number;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

/** Requests to a service that is not ours. */
export interface Outbound {
  /**
   * Tries up to three times, with jittered backoff, what a time-out, a lost connection or a 5xx befell. Then it throws:
   * `outbound.failed`, which counts as an attempt of the delivery, while the circuit breaker is closed; `outbound.away`,
   * for which deliveries wait and none is counted, while it is not. Five failures in a row open the breaker; after it, two
   * of three trials close it again, so that a single request that always fails does not keep it open against the others.
   */
  request(request: OutboundRequest): Promise<OutboundAnswer>;
}

const retries = 2;
const failuresToOpen = 5;
const trials = { calls: 3, threshold: 0.5 };

export const createOutbound = (options: OutboundOptions): Outbound => {
  const { peer, url, apiKey, timeoutMs, log, trialAfterMs = 1_000 } = options;
  const base = url.replace(/\/+$/, '');
  const transient = handleWhen((error) => error instanceof Fault && error.code === 'outbound.failed');
  const breaker = circuitBreaker(transient, {
    halfOpenAfter: trialAfterMs,
    halfOpenSampling: trials,
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  breaker.onBreak((reason) => log.warn({ peer, reason: reasonOf(reason) }, 'circuit breaker opened'));
  breaker.onReset(() => log.info({ peer }, 'circuit breaker closed'));
  const policy = wrap(
    retry(transient, {
      maxAttempts: retries,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }),
    }),
    breaker,
    timeout(timeoutMs, { strategy: TimeoutStrategy.Cooperative, abortOnReturn: false }),
  );

  const send = async (
    { method, path, body, idempotencyKey, signal: given }: OutboundRequest,
    signal: AbortSignal,
  ): Promise<OutboundAnswer> => {
    const asked = { peer, request: `${method} ${path}` };
    try {
      const response = await request(base + path, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.body.text();
      return { status: response.statusCode, body: parsed(text) };
    } catch (cause) {
      if (given.aborted) throw cause;
      const why = signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : rootOf(cause);
      throw outboundErrors.failed({ ...asked, cause: why });
    }
  };

  const attempt = async (request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> => {
    const answer = await send(request, signal);
    const { status } = answer;
    const facts = { peer, request: `${request.method} ${request.path}`, status };
    if (status === 401 || status === 403) throw outboundErrors.key_refused({ ...facts, retryAfterMs: 5_000 });
    // A redirect is not followed: the key would go along.
    const isElsewhere = status >= 300 && status < 400;
    if (status >= 500 || isElsewhere || passing.has(status)) throw outboundErrors.failed(facts);
    return answer;
  };

  return {
    request: async (request) => {
      request.signal.throwIfAborted();
      try {
        return await policy.execute(({ signal }) => attempt(request, signal), request.signal);
      } catch (error) {
        const isAway =
          error instanceof BrokenCircuitError ||
          (error instanceof Fault &&
            error.code === 'outbound.failed' &&
            breaker.state !== CircuitState.Closed);
        if (!isAway) throw error;
        const last = breaker.lastFailure;
        throw outboundErrors.away({
          peer,
          retryAfterMs: trialAfterMs,
          cause: last === undefined ? error : causeOf(last),
        });
      }
    },
  };
};

/** Request Timeout, Too Early, Too Many Requests: the same request may be answered later. */
const passing = new Set([408, 425, 429]);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // whoever asked finds no answer in it, and says so
  }
};

/** fetch says "fetch failed", and its cause says why. */
const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

type Failed = { readonly error: unknown } | { readonly value: unknown };

const causeOf = (failed: Failed): unknown => ('error' in failed ? failed.error : failed.value);

const reasonOf = (reason: Failed | { readonly isolated: true }): string =>
  'isolated' in reason ? 'held open' : messageOf(causeOf(reason));
