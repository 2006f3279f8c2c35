import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Problem, problem } from '@emporium/service';
import { type Dispatcher, errors, Pool } from 'undici';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';

export interface UpstreamRequest {
  readonly method: Dispatcher.HttpMethod;
  /** With its query, as the caller wrote it. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer | undefined;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** Requests of one kind have connections of their own: however slow they are, they take none of another kind. */
  readonly kind?: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes when the answer is small, which is the usual case and the cheaper one. */
  readonly body: Buffer | Readable;
}

/** One service behind the gateway. */
export interface Upstream {
  readonly name: string;
  /** Throws a problem: 503 when it is away or has too much to do, 504 when it takes too long, 502 when its answer is none. */
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  /** Requests of one kind that may be on their way or waiting. */
  readonly capacity: number;
}

/** Requests of one kind that are on their way at one time; others wait for their turn. */
const runningOfAKind = 64;

const smallAnswer = 64 * 1_024;

export const createUpstream = ({ name, url, timeoutMs, capacity }: UpstreamOptions): Upstream => {
  const pool = new Pool(url, {
    connections: null, // the bulkheads bound them
    pipelining: 1,
    connectTimeout: 2_000,
    // Shorter than the services' own, so that no request goes out on a connection that is just being closed.
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 30_000,
    headersTimeout: 0, // the deadline below counts the time in the queue too
    bodyTimeout: timeoutMs,
  });
  const bulkheads = new Map<string, Bulkhead>();
  const bulkheadOf = (kind: string): Bulkhead => {
    const running = Math.min(runningOfAKind, capacity);
    const known =
      bulkheads.get(kind) ??
      createBulkhead({ running, waiting: capacity - running, full: () => tooBusy(name) });
    bulkheads.set(kind, known);
    return known;
  };

  const send = async ({ signal, kind = '', ...request }: UpstreamRequest): Promise<UpstreamAnswer> => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(tooSlow(name)), timeoutMs);
    const giveUp = () => deadline.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await bulkheadOf(kind).run(async () => {
        const answer = await pool.request({
          ...request,
          body: request.body ?? null,
          signal: deadline.signal,
        });
        const { statusCode: status, headers, body } = answer;
        const isSmall = Number(headers['content-length']) <= smallAnswer;
        return { status, headers, body: isSmall ? Buffer.from(await body.arrayBuffer()) : body };
      }, deadline.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  };

  return {
    name,
    async ask(request) {
      try {
        return await send(request).catch((error: unknown) => {
          // Its connection was closed while the request was on its way: what changes nothing is asked once more.
          if (isLost(error) && isSafe(request.method)) return send(request);
          throw error;
        });
      } catch (error) {
        throw request.signal.aborted ? callerGone(error) : problemOf(error, name);
      }
    },
    close: () => pool.close(),
  };
};

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const isLost = (error: unknown): boolean => ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error));

const away = new Set([
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

const problemOf = (error: unknown, name: string): unknown => {
  if (error instanceof Problem) return error;
  const code = error instanceof AggregateError ? codeOf(error.errors[0]) : codeOf(error);
  if (away.has(code)) return isAway(name, error);
  if (error instanceof errors.InvalidArgumentError) return unsendable(error);
  const isNoAnswer = error instanceof errors.HTTPParserError || code === 'UND_ERR_HEADERS_OVERFLOW';
  return isNoAnswer ? badAnswer(name, error) : error;
};

const retryAfter = { 'retry-after': '1' };

const isAway = (name: string, cause: unknown): Problem =>
  problem(503, 'service-away', `The ${name} service cannot be reached; try again.`, {
    headers: retryAfter,
    cause,
  });
const tooBusy = (name: string): Problem =>
  problem(503, 'service-busy', `The ${name} service has too much to do; try again.`, { headers: retryAfter });
const tooSlow = (name: string): Problem =>
  problem(504, 'service-too-slow', `The ${name} service did not answer in time.`);
/** Node takes some addresses and headers that no client would send. */
const unsendable = (cause: unknown): Problem =>
  problem(400, 'invalid-request', 'The address or a header holds characters that must not be there.', {
    cause,
  });
/** Nobody reads it, and it is nobody's fault. */
const callerGone = (cause: unknown): Problem =>
  problem(499, 'caller-gone', 'The caller has gone.', { cause });
const badAnswer = (name: string, cause: unknown): Problem =>
  problem(502, 'bad-answer', `The ${name} service gave an answer that is no HTTP.`, { cause });
