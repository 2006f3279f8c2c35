import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem, problem } from '@emporium/service';
import { type Dispatcher, errors, Pool } from 'undici';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';

export interface UpstreamRequest {
  readonly method: Dispatcher.HttpMethod;
  /** With the query, as the caller sent it. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer | undefined;
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
  /** The bulkhead: slow requests of one kind take no connections from another kind. */
  readonly kind?: string;
  /**
   * A GET of server-sent events. Its client connects again when the connection is lost, and gives up at an error: while the service
   * is restarted or busy, it waits here.
   */
  readonly isStream?: boolean;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** A buffer when the response is small, which is cheaper than a stream. */
  readonly body: Buffer | Readable;
}

/** One service behind the gateway. */
export interface Upstream {
  readonly name: string;
  readonly url: string;
  /**
   * Sends a request; GET and HEAD are sent once more when the connection is lost. Throws a problem: 503 when the service cannot be
   * reached or its bulkhead is full, 504 after `timeoutMs`, 502 for a response that is not HTTP, 499 when `signal` aborts.
   */
  request(request: UpstreamRequest): Promise<UpstreamResponse>;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly name: string;
  readonly url: string;
  /** From the request, waiting included, to the headers of the response, in milliseconds. */
  readonly timeoutMs: number;
  /** Requests of one kind that may be in flight or waiting. */
  readonly capacity: number;
}

/** Requests of one kind in flight at one time; others wait. */
const maxInFlight = 64;

/** For a stream, while its service cannot be reached; with jitter, since all of them come at one time. */
const againMs = 250;
/** The most requests for streams that wait so for one service. */
const maxWaiting = 1_000;
/** Streams have heartbeats in shorter intervals. */
const idleStreamMs = 30_000;

const busyCode = 'service-busy';

/** In bytes. */
const smallBody = 64 * 1_024;

export const createUpstream = ({ name, url, timeoutMs, capacity }: UpstreamOptions): Upstream => {
  const pool = new Pool(url, {
    connections: null, // the bulkheads limit them
    pipelining: 1,
    connectTimeout: 2_000,
    // Shorter than the services' own, so that no request is sent on a connection that the service is closing.
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 30_000,
    headersTimeout: 0, // the deadline below includes the time in the queue
    bodyTimeout: timeoutMs,
  });
  const bulkheads = new Map<string, Bulkhead>();
  const bulkheadOf = (kind: string): Bulkhead => {
    const maxConcurrent = Math.min(maxInFlight, capacity);
    const known =
      bulkheads.get(kind) ??
      createBulkhead({
        maxConcurrent,
        maxQueued: capacity - maxConcurrent,
        rejection: () => serviceBusy(name),
      });
    bulkheads.set(kind, known);
    return known;
  };

  const send = async ({
    signal,
    kind = '',
    isStream = false,
    ...request
  }: UpstreamRequest): Promise<UpstreamResponse> => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(serviceTooSlow(name)), timeoutMs);
    const abort = () => deadline.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await bulkheadOf(kind).run(async () => {
        const response = await pool.request({
          ...request,
          body: request.body ?? null,
          signal: deadline.signal,
          ...(isStream ? { bodyTimeout: Math.max(timeoutMs, idleStreamMs) } : {}),
        });
        const { statusCode: status, headers, body } = response;
        const isSmall = Number(headers['content-length']) <= smallBody;
        return { status, headers, body: isSmall ? Buffer.from(await body.arrayBuffer()) : body };
      }, deadline.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };

  /** Requests for streams that wait for the service to answer again. */
  let waiting = 0;

  const sendRepeatedly = async (request: UpstreamRequest): Promise<UpstreamResponse> => {
    const until = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await send(request).catch((error: unknown) => {
          // The connection was closed while the request was in flight: only safe methods are retried.
          if (isConnectionLost(error) && isSafe(request.method)) return send(request);
          throw error;
        });
      } catch (error) {
        if (request.isStream !== true || !mayPass(error) || performance.now() > until) throw error;
        if (waiting >= maxWaiting) throw error;
        waiting += 1;
        await sleep(againMs * (0.5 + Math.random()), undefined, { signal: request.signal }).finally(() => {
          waiting -= 1;
        });
      }
    }
  };

  return {
    name,
    url,
    async request(request) {
      try {
        return await sendRepeatedly(request);
      } catch (error) {
        throw request.signal.aborted ? callerDisconnected(error) : problemOf(error, name);
      }
    },
    close: () => pool.close(),
  };
};

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const isConnectionLost = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error));

const unreachableCodes = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
  ],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'],
]);

const isAway = (error: unknown): boolean =>
  unreachableCodes.has(error instanceof AggregateError ? codeOf(error.errors[0]) : codeOf(error));

const mayPass = (error: unknown): boolean =>
  isAway(error) || (error instanceof Problem && error.code === busyCode);

const problemOf = (error: unknown, name: string): unknown => {
  if (error instanceof Problem) return error;
  if (isAway(error)) return serviceAway(name, error);
  if (error instanceof errors.InvalidArgumentError) return invalidRequest(error);
  const isNotHttp = error instanceof errors.HTTPParserError || codeOf(error) === 'UND_ERR_HEADERS_OVERFLOW';
  return isNotHttp ? badAnswer(name, error) : error;
};

const retryAfter = { 'retry-after': '1' };

const serviceAway = (name: string, cause: unknown): Problem =>
  problem(503, 'service-away', `The ${name} service cannot be reached; try again.`, {
    headers: retryAfter,
    cause,
  });
const serviceBusy = (name: string): Problem =>
  problem(503, busyCode, `The ${name} service is busy; try again.`, { headers: retryAfter });
const serviceTooSlow = (name: string): Problem =>
  problem(504, 'service-too-slow', `The ${name} service did not answer in time.`);
/** Node's server accepts some paths and headers that undici refuses to send. */
const invalidRequest = (cause: unknown): Problem =>
  problem(400, 'invalid-request', 'The address or a header contains invalid characters.', {
    cause,
  });
/** Nobody reads it; it keeps a disconnect from being logged as an error. */
const callerDisconnected = (cause: unknown): Problem =>
  problem(499, 'caller-gone', 'The caller has disconnected.', { cause });
const badAnswer = (name: string, cause: unknown): Problem =>
  problem(502, 'bad-answer', `The ${name} service sent a response that is not HTTP.`, { cause });
