import type { Fault } from '@emporium/bus';
import { z } from 'zod';
import { outboundErrors } from './errors.ts';

export interface OutboundResponse {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** Parsed JSON; undefined when the body is not JSON. */
  readonly body: unknown;
}

/** A longer body is not a response that we know. */
const maxBodyBytes = 1024 * 1024;
/** Time for somebody to configure a valid API key, in milliseconds. */
const keyRefusedMs = 5_000;
/** Conflict, Locked, Too Early: the same request may succeed when another one has finished. */
const busyStatuses = new Set([409, 423, 425]);

/** The error for a response that is neither a success nor a refusal that the caller knows. */
export const faultOf = (
  details: Readonly<Record<string, unknown>>,
  { status, retryAfterMs }: OutboundResponse,
): Fault => {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401) return outboundErrors.key_refused({ ...details, retryAfterMs: keyRefusedMs });
  if (busyStatuses.has(status)) return outboundErrors.busy({ ...details, ...wait });
  if (status === 429) return outboundErrors.throttled({ ...details, retryAfterMs: retryAfterMs ?? 1_000 });
  if (status === 503 && retryAfterMs !== undefined) return outboundErrors.throttled({ ...details, ...wait });
  if (status === 408 || status >= 500) return outboundErrors.failed(details);
  return outboundErrors.unexpected(details); // also a redirect: following it would send the API key elsewhere
};

/** Reads a body and parses it; undefined when it is not JSON. Throws when it is longer than 1 MiB. */
export const readJson = async (body: AsyncIterable<Buffer>): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`the response is longer than ${maxBodyBytes} bytes`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
};

const withCode = z.object({ code: z.string().max(100) });

/** The `code` of a JSON object. */
export const codeOf = (body: unknown): string | undefined => withCode.safeParse(body).data?.code;

/** Says where the body differs from the schema, without its values: they may be secret. */
export const describeMismatch = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`)
    .join('; ');
