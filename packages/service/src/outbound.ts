import { setTimeout as sleep } from 'node:timers/promises';
import { type Log as BusLog, catalogue, Fault, messageOf } from '@emporium/bus';
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
import { request } from 'undici';
import { z } from 'zod';
import { retryAfterMsOf } from './retry-after.ts';

export const outboundErrors = catalogue('outbound', {
  /** This request failed, the other side as a whole may be well. */
  failed: { settle: 'retry', message: 'The request failed' },
  /** Nothing can be concluded from it: neither that it was done, nor that it was not. */
  unexpected: { settle: 'retry', message: 'The answer is neither a success nor a refusal that we know' },
  /** The other side is still working on this request, or on what it is about. */
  busy: { settle: 'retry', message: 'The other side is not done with an earlier request' },
  throttled: { settle: 'pause', message: 'The other side asks us to wait' },
  away: { settle: 'pause', message: 'The other side is away' },
  key_refused: { settle: 'pause', message: 'The other side refuses our key; set the right one' },
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

/**
 * A request and the answers to it that mean something: every other answer is a failure, whatever its status. So no answer of a
 * proxy, of a wrong address or of a broken server is ever taken for a decision.
 */
export interface OutboundRequest<Success extends z.ZodType, Code extends string> {
  readonly method: 'GET' | 'POST';
  /** Beginning with a slash; appended to the URL. */
  readonly path: string;
  readonly body?: unknown;
  /** The same for every repetition, so that the other side does once what is asked twice. */
  readonly idempotencyKey?: string;
  /** Gives up without an answer; of the delivery that asks. */
  readonly signal: AbortSignal;
  /** The body of a 2xx answer, parsed from JSON. What it says of the request is compared with that: the amount, say. */
  readonly success: Success;
  /** The refusals, by status and the `code` in the body. */
  readonly refusals: Refusals<Code>;
}

export type Refusals<Code extends string = string> = Readonly<Record<number, readonly Code[]>>;

export type OutboundAnswer<Body, Code extends string> =
  | { readonly kind: 'success'; readonly body: Body }
  | { readonly kind: 'refused'; readonly code: Code };

/** Requests to a service that is not ours. */
export interface Outbound {
  /**
   * Tries up to three times, with jittered backoff, what a time-out, a lost connection, a 5xx or an answer that means nothing
   * befell; for ten seconds, or for as long as a `Retry-After` of up to a minute says, what the other side is still working
   * on (409, 423, 425). Then it throws: `outbound.failed`, `outbound.unexpected` or `outbound.busy`, which count as an attempt
   * of the delivery; `outbound.throttled`, `outbound.key_refused` or, while the circuit breaker is not closed,
   * `outbound.away`, for which deliveries wait and none is counted. Five failures in a row open the breaker; after it, two of
   * three trials close it again, so that a single request that always fails does not keep it open against the others.
   */
  request<Success extends z.ZodType, const Code extends string>(
    request: OutboundRequest<Success, Code>,
  ): Promise<OutboundAnswer<z.output<Success>, Code>>;
}

const tries = 3;
const failuresToOpen = 5;
const trials = { calls: 3, threshold: 0.5 };
/** How long a request waits in all, in milliseconds, for a side that is busy. */
const patienceMs = 10_000;
/** After a refused key: somebody has to set the right one. */
const keyRefusedMs = 5_000;
/** An answer that is longer is none of those that we know. */
const maxBodyBytes = 1024 * 1024;

/** What speaks against the other side as a whole when it happens again and again. */
const isFailure = (error: unknown): error is Fault =>
  error instanceof Fault &&
  ['outbound.failed', 'outbound.unexpected', 'outbound.key_refused'].includes(error.code);

interface Received {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

export const createOutbound = (options: OutboundOptions): Outbound => {
  const { peer, url, apiKey, timeoutMs, log, trialAfterMs = 1_000 } = options;
  const base = url.replace(/\/+$/, '');
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: trialAfterMs,
    halfOpenSampling: trials,
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  let isOpen = false;
  breaker.onBreak((reason) => {
    if (!isOpen) log.warn({ peer, reason: reasonOf(reason) }, 'circuit breaker opened');
    isOpen = true; // trials that fail open it again, and are no news
  });
  breaker.onReset(() => {
    isOpen = false;
    log.info({ peer }, 'circuit breaker closed');
  });
  const policy = wrap(
    breaker,
    timeout(timeoutMs, { strategy: TimeoutStrategy.Cooperative, abortOnReturn: false }),
  );

  const send = async (asked: Asked, signal: AbortSignal): Promise<Received> => {
    const { method, path, body, idempotencyKey } = asked;
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
      return {
        status: response.statusCode,
        retryAfterMs: retryAfterMsOf(response.headers['retry-after']),
        body: parsed(await readText(response.body)),
      };
    } catch (cause) {
      if (asked.signal.aborted) throw cause;
      const why = signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : rootOf(cause);
      throw outboundErrors.failed({ ...factsOf(asked), cause: why });
    }
  };

  const attempt = async <Success extends z.ZodType, Code extends string>(
    asked: OutboundRequest<Success, Code>,
    signal: AbortSignal,
  ): Promise<OutboundAnswer<z.output<Success>, Code>> => {
    const received = await send(asked, signal);
    const code = codeIn(received.body);
    const refusal = asked.refusals[received.status]?.find((known) => known === code);
    if (refusal !== undefined) return { kind: 'refused', code: refusal };
    const isDone = received.status >= 200 && received.status < 300;
    if (!isDone) throw faultOf({ ...factsOf(asked), status: received.status, code }, received);
    const success = asked.success.safeParse(received.body);
    if (success.success) return { kind: 'success', body: success.data };
    throw outboundErrors.unexpected({
      ...factsOf(asked),
      status: received.status,
      cause: new Error(problemsOf(success.error)),
    });
  };

  const factsOf = ({ method, path }: Asked) => ({ peer, request: `${method} ${path}` });

  const asAway = (error: unknown): unknown => {
    const isAway =
      error instanceof BrokenCircuitError || (isFailure(error) && breaker.state !== CircuitState.Closed);
    if (!isAway) return error;
    const last = breaker.lastFailure;
    const cause = last === undefined ? error : causeOf(last);
    return outboundErrors.away({ peer, retryAfterMs: trialAfterMs, cause });
  };

  return {
    request: async (asked) => {
      asked.signal.throwIfAborted();
      for (let tried = 1, waitedMs = 0; ; tried += 1) {
        try {
          return await policy.execute(({ signal }) => attempt(asked, signal), asked.signal);
        } catch (error) {
          const fault = asAway(error);
          const waitMs = waitBefore(fault, tried, waitedMs);
          if (waitMs === undefined) throw fault;
          await sleep(waitMs, undefined, { signal: asked.signal });
          waitedMs += waitMs;
        }
      }
    },
  };
};

type Asked = Pick<
  OutboundRequest<z.ZodType, string>,
  'method' | 'path' | 'body' | 'idempotencyKey' | 'signal'
>;

/** What an answer means that is no success and no refusal that the caller knows. */
const faultOf = (facts: Readonly<Record<string, unknown>>, { status, retryAfterMs }: Received): Fault => {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401) return outboundErrors.key_refused({ ...facts, retryAfterMs: keyRefusedMs });
  if (inProgress.has(status)) return outboundErrors.busy({ ...facts, ...wait });
  if (status === 429) return outboundErrors.throttled({ ...facts, retryAfterMs: retryAfterMs ?? 1_000 });
  if (status === 503 && retryAfterMs !== undefined) return outboundErrors.throttled({ ...facts, ...wait });
  if (status === 408 || status >= 500) return outboundErrors.failed(facts);
  return outboundErrors.unexpected(facts); // a redirect too: it is not followed, the key would go along
};

/** Conflict, Locked, Too Early: the same request may be answered when another is done. */
const inProgress = new Set([409, 423, 425]);

/** Milliseconds until the request is tried again; undefined when that is for the next delivery. */
const waitBefore = (error: unknown, tried: number, waitedMs: number): number | undefined => {
  if (!(error instanceof Fault)) return undefined;
  const { code, details } = error;
  if (code === 'outbound.failed' || code === 'outbound.unexpected')
    return tried < tries ? jittered(Math.min(50 * 2 ** (tried - 1), 500)) : undefined;
  if (code !== 'outbound.busy' && code !== 'outbound.throttled') return undefined;
  const askedMs = details.retryAfterMs ?? 0;
  const waitMs = Math.max(askedMs, Math.min(250 * 2 ** (tried - 1), 2_000));
  // One busy request is waited for here, so that the others go on; a side that wants rest from all of them is not.
  const mostMs = code === 'outbound.busy' ? Math.max(patienceMs, askedMs) : patienceMs;
  return waitedMs + waitMs <= mostMs ? jittered(waitMs) : undefined;
};

/** So that what failed together does not come back together; never earlier than asked. */
const jittered = (ms: number): number => ms * (1 + Math.random() / 2);

const readText = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
  }
  return Buffer.concat(chunks).toString();
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const withCode = z.object({ code: z.string().max(100) });

const codeIn = (body: unknown): string | undefined => withCode.safeParse(body).data?.code;

/** Where the answer is not as it should be; not what it holds: that may be anything. */
const problemsOf = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`)
    .join('; ');

/** fetch says "fetch failed", and its cause says why. */
const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

type Failed = { readonly error: unknown } | { readonly value: unknown };

const causeOf = (failed: Failed): unknown => ('error' in failed ? failed.error : failed.value);

const reasonOf = (reason: Failed | { readonly isolated: true }): string =>
  'isolated' in reason ? 'held open' : messageOf(causeOf(reason));
