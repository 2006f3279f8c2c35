import { shopClock } from './shop-clock.ts';

/** An error as the services describe it (RFC 9457). */
export interface ProblemDocument {
  readonly status: number;
  /** For code: `other-total`. */
  readonly code: string;
  /** For people. */
  readonly detail: string;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** Seconds after which to try again, where the service says so. */
  readonly retryAfter?: number;
  readonly correlationId?: string;
  readonly members: Readonly<Record<string, unknown>>;
}

export type Answer<T> =
  | { readonly kind: 'ok'; readonly body: T; readonly headers: Headers }
  | { readonly kind: 'problem'; readonly problem: ProblemDocument }
  /** There was no answer, or one that is not of the shop. */
  | { readonly kind: 'away'; readonly reason: string };

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const timeoutMs = 20_000;

let signedOut = (): void => undefined;

/** What to do when an answer says that there is no session, or none any more. */
export const onSignedOut = (act: () => void): void => {
  signedOut = act;
};

/** Sends a request to the shop's API, with the session of the browser. Never rejects. */
export const request = async <T>(
  path: string,
  { method = 'GET', body, headers, signal }: Request = {},
): Promise<Answer<T>> => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const sentAt = Date.now();
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    shopClock.learn(response.headers.get('date'), sentAt);
    const text = await response.text();
    const parsed = parse(text, response.status);
    if (response.ok) return { kind: 'ok', body: parsed as T, headers: response.headers };
    if (response.status === 401) signedOut();
    return { kind: 'problem', problem: problemOf(response, parsed) };
  } catch (error) {
    return { kind: 'away', reason: error instanceof Error ? error.message : String(error) };
  }
};

/** Undefined for what is no JSON but a refusal, as by a proxy: then the status says enough. Throws for other garbage. */
const parse = (text: string, status: number): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (status >= 400 && status < 500) return undefined;
    throw error;
  }
};

const problemOf = ({ status, headers }: Response, body: unknown): ProblemDocument => {
  const members = isRecord(body) ? body : {};
  const { type, detail, title, errors } = members;
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  const correlationId = headers.get('x-correlation-id');
  return {
    status,
    code: typeof type === 'string' ? (type.split(/[/:]/).at(-1) ?? '') : '',
    detail:
      typeof detail === 'string'
        ? detail
        : typeof title === 'string'
          ? title
          : `The shop answered ${status}.`,
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
    ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
    ...(correlationId === null ? {} : { correlationId }),
    members,
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFieldError = (value: unknown): value is { field: string; message: string } =>
  isRecord(value) && typeof value['field'] === 'string' && typeof value['message'] === 'string';
