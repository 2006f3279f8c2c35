import { setTimeout as sleep } from 'node:timers/promises';
import type { Administrator, ShopAccess } from './shop-access.ts';

export interface ShopResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Sends requests as an administrator. Throws when the shop cannot be reached. */
export interface ShopClient {
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<ShopResponse>;
}

export interface ClientOptions {
  /** Called once per request that waits for a shop or service that is unavailable. */
  readonly log?: (line: string) => void;
  /**
   * How long such a request is repeated, in milliseconds: a service that was killed is restarted meanwhile. 0 by default, for
   * requests that must not be repeated.
   */
  readonly patienceMs?: number;
}

const retryMs = 500;

/** Signs in, and again when its token has expired. Throws when the shop cannot be reached, or accepts none of the administrators. */
export const signIn = async (
  { url, administrators }: ShopAccess,
  { log = () => undefined, patienceMs = 0 }: ClientOptions = {},
): Promise<ShopClient> => {
  const send = (...request: Request): Promise<ShopResponse> =>
    repeatWhileAway({ log, patienceMs }, () => sendOnce(url, ...request));
  const openSession = async (administrator: Administrator): Promise<ShopResponse> =>
    send(undefined, 'POST', '/api/sessions', administrator);
  for (const administrator of administrators) {
    const { status, body } = await openSession(administrator);
    if (status === 401) continue;
    if (isSession(body)) return createClient(body.token, send, () => openSession(administrator));
    throw new Error(`${url} does not let ${administrator.email} sign in: ${describe({ status, body })}`);
  }
  throw new Error(
    `${url} does not accept the password of its administrator: set ADMIN_EMAIL and ADMIN_PASSWORD`,
  );
};

/** A token is good for an hour, and a job may run for longer. */
const createClient = (
  firstToken: string,
  send: (...request: Request) => Promise<ShopResponse>,
  openSession: () => Promise<ShopResponse>,
): ShopClient => {
  let token = firstToken;
  return {
    request: async (method, path, data) => {
      const response = await send(token, method, path, data);
      if (response.status !== 401) return response;
      const session = await openSession();
      if (!isSession(session.body)) return session;
      token = session.body.token;
      return send(token, method, path, data);
    },
  };
};

/** The detail of a problem document and its fields, or the status. */
export const describe = ({ status, body }: ShopResponse): string => {
  const { detail, errors } = body as { detail?: string; errors?: { field: string; message: string }[] }; // RFC 9457
  const fields = (errors ?? [])
    .map(({ field, message }) => `${field} ${message}`)
    .filter((text) => detail?.includes(text) !== true);
  return [detail ?? `it answered ${status}`, ...fields].join(' ');
};

const isSession = (body: unknown): body is { readonly token: string } =>
  typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string';

type Request = [token: string | undefined, method: string, path: string, body?: object];

const sendOnce = async (url: string, ...[token, method, path, body]: Request): Promise<ShopResponse> => {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, body: parse(text) };
};

/** A proxy in front of the shop may answer with something else than JSON. */
const parse = (text: string): unknown => {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return {};
  }
};

/** Repeats what failed because the shop or a service is unavailable. A response to the last repetition is returned as it is. */
const repeatWhileAway = async (
  { log, patienceMs }: Required<ClientOptions>,
  work: () => Promise<ShopResponse>,
): Promise<ShopResponse> => {
  let isWaiting = false;
  for (const deadline = Date.now() + patienceMs; ; await sleep(retryMs)) {
    const result = await work().catch((error: unknown) => failureOf(error));
    const isResponse = typeof result !== 'string';
    if (isResponse && result.status < 500) return result;
    const reason = isResponse ? describe(result) : result;
    if (Date.now() >= deadline) {
      if (isResponse) return result;
      throw new Error(`the shop cannot be reached: ${reason}`);
    }
    if (!isWaiting) log(`waiting: ${reason}`);
    isWaiting = true;
  }
};

const failureOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.message !== '' ? cause.message : String(error);
};
