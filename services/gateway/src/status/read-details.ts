import { addAbortSignal, type Readable } from 'node:stream';
import { type ProcessDetails, processDetails, reasonOf } from '@emporium/service';
import type { Upstream } from '../upstream.ts';

/** What a process says about itself, or why it does not. */
export type Answer =
  | { readonly kind: 'details'; readonly details: ProcessDetails }
  /** `away`: it does not answer. `unknown`: with something else, as a process of an older release does. */
  | { readonly kind: 'away' | 'unknown'; readonly reason: string };

/** For the request and the whole answer, in milliseconds. */
const readTimeoutMs = 2_000;
/** In bytes. */
const maxBytes = 512 * 1_024;

/** Asks a process, for at most two seconds. Never rejects. */
export const readDetails = async (
  upstream: Upstream,
  { figures }: { readonly figures: boolean },
): Promise<Answer> => {
  const signal = AbortSignal.timeout(readTimeoutMs);
  try {
    const { status, body } = await upstream.request({
      method: 'GET',
      path: figures ? '/health/details' : '/health/details?figures=no',
      headers: {},
      body: undefined,
      signal,
      kind: 'health',
    });
    const bytes = Buffer.isBuffer(body) ? body : await readAtMost(maxBytes, body, signal);
    if (bytes === undefined) return unknown(`an answer of more than ${maxBytes} bytes`);
    const { success, data } = processDetails.safeParse(parse(bytes));
    return success ? { kind: 'details', details: data } : unknown(`HTTP ${status}, without its state`);
  } catch (error) {
    return {
      kind: 'away',
      reason: signal.aborted ? `no answer within ${readTimeoutMs} ms` : reasonOf(causeOf(error)),
    };
  }
};

/** The problem that callers get says less than its cause. */
const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

const unknown = (reason: string): Answer => ({ kind: 'unknown', reason });

/** Undefined when there is more. */
const readAtMost = async (
  limit: number,
  body: Readable,
  signal: AbortSignal,
): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(signal, body)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) return undefined; // which destroys the body
  }
  return Buffer.concat(chunks);
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
};
