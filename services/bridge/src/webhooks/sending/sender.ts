import { inClientSpan, recordStatus } from '@emporium/service';
import type { Span } from '@emporium/telemetry';
import { Agent, request as httpRequest } from 'undici';
import { type Failed, type Outcome, outcomeOf } from '../../domain/webhooks/outcome.ts';
import { checkedLookup } from '../addresses/checked-lookup.ts';
import { checkUrl, type UrlPolicy } from '../addresses/receiver-url.ts';
import type { Resolve } from '../addresses/resolver.ts';
import { signatureHeaders } from '../signature.ts';
import { reasonOf } from './reason.ts';
import { retryAfterMsOf } from './retry-after.ts';
import { printable, readSnippet } from './snippet.ts';

/** A signed request to a receiver. */
export interface Attempt {
  readonly url: string;
  /** The `webhook-id`. */
  readonly id: string;
  readonly body: Uint8Array;
  /** One, or during a rotation two. */
  readonly secrets: readonly string[];
  /** Aborted when the process stops; the attempt then rejects, and counts for nothing. */
  readonly signal: AbortSignal;
  /** For the whole request, in milliseconds; the sender's by default. */
  readonly timeoutMs?: number;
}

export interface AttemptResult {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly durationMs: number;
  readonly outcome: Outcome;
  /** The beginning of the response's body. */
  readonly snippet?: string | undefined;
}

export interface Sender {
  /** Makes one attempt. Resolves with a failure when there is no response; rejects only with the reason of `signal`. */
  send(attempt: Attempt): Promise<AttemptResult>;
  /** Resolves when no request is in progress; later ones fail. */
  close(): Promise<void>;
}

export interface SenderOptions extends UrlPolicy {
  readonly resolve: Resolve;
  /** For one attempt, until the status of the response. In milliseconds. */
  readonly timeoutMs: number;
  readonly clock: () => Date;
}

/** Less than the usual timeout: no connection is still being opened when its request has ended. In milliseconds. */
const connectMs = 10_000;

/**
 * Sends requests without following redirects, to addresses that were checked. Not `createOutbound`: its circuit breaker and its quick
 * retries are for one provider that we wait for, and here the schedule decides.
 */
export const createSender = (options: SenderOptions): Sender => {
  const { allowPrivate, resolve, timeoutMs: usualMs, clock } = options;
  const agent = new Agent({
    // A connection that is reused leads to the address that was checked when it was opened.
    connect: { lookup: checkedLookup(resolve, { allowPrivate }), timeout: Math.min(connectMs, usualMs) },
    connections: null, // the lanes limit them, and no webhook waits for another one of the same host
    pipelining: 1,
    keepAliveTimeout: 2_000,
    keepAliveMaxTimeout: 10_000,
    headersTimeout: 0, // the timeout below covers the whole request
    bodyTimeout: 0,
  });

  const request = async (
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Pick<AttemptResult, 'outcome' | 'snippet'>> => {
    const checked = checkUrl(attempt.url, { allowPrivate });
    if (checked.kind !== 'accepted') return { outcome: failed(`its URL ${checked.message}`) };
    const send = (span: Span) => respond(attempt, checked.url, signal, span);
    return inClientSpan({ method: 'POST', peer: 'a webhook', url: checked.url.toString() }, send);
  };

  const respond = async (
    { id, body, secrets }: Attempt,
    url: URL,
    signal: AbortSignal,
    span: Span,
  ): Promise<Pick<AttemptResult, 'outcome' | 'snippet'>> => {
    const response = await httpRequest(url, {
      dispatcher: agent,
      method: 'POST',
      signal,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Emporium-Webhooks/1',
        ...signatureHeaders(secrets, { id, at: clock(), body }),
      },
    });
    const { statusCode, headers } = response;
    recordStatus(span, statusCode);
    const retryAfterMs = retryAfterMsOf(headers['retry-after'], clock().getTime());
    const [location] = [headers.location].flat();
    const outcome = outcomeOf(statusCode, {
      ...(location === undefined ? {} : { location: printable(location, 150) }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    return { outcome, snippet: await readSnippet(response.body) };
  };

  return {
    send: async (attempt) => {
      const { signal, timeoutMs = usualMs } = attempt;
      const startedAt = clock();
      const begin = performance.now();
      const ended = () => ({
        startedAt,
        endedAt: clock(),
        durationMs: Math.round(performance.now() - begin),
      });
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), timeoutMs);
      const stop = () => deadline.abort();
      signal.addEventListener('abort', stop, { once: true });
      try {
        signal.throwIfAborted();
        return { ...(await request(attempt, deadline.signal)), ...ended() };
      } catch (error) {
        signal.throwIfAborted();
        const reason = deadline.signal.aborted
          ? `it did not answer within ${inSeconds(timeoutMs)}`
          : reasonOf(error);
        return { outcome: failed(reason), ...ended() };
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      }
    },
    close: () => agent.close(),
  };
};

const failed = (reason: string): Failed => ({ kind: 'failed', reason });

const inSeconds = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 1_000)} s`);
