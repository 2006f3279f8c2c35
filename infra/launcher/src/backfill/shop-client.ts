import { setTimeout as sleep } from 'node:timers/promises';
import type { Administrator } from './shop-access.ts';

export interface ShopResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Sends requests as an administrator. */
export interface ShopClient {
  request(method: 'GET' | 'POST', path: string, body?: object): Promise<ShopResponse>;
}

/** How long a shop or a service that is unavailable is waited for, in milliseconds: one that was killed is restarted meanwhile. */
const patienceMs = 60_000;
const retryMs = 500;

/** Signs in. Throws when the shop cannot be reached, or accepts none of the administrators. */
export const signIn = async (
  url: string,
  administrators: readonly Administrator[],
  log: (line: string) => void,
): Promise<ShopClient> => {
  for (const administrator of administrators) {
    const { status, body } = await patiently(log, () => send(url, 'POST', '/api/sessions', administrator));
    if (status === 401) continue;
    if (isSession(body)) {
      const { token } = body;
      return {
        request: (method, path, data) => patiently(log, () => send(url, method, path, data, token)),
      };
    }
    throw new Error(`${url} does not let ${administrator.email} sign in: ${describe({ status, body })}`);
  }
  throw new Error(
    `${url} does not accept the password of its administrator: set ADMIN_EMAIL and ADMIN_PASSWORD`,
  );
};

/** The detail of a problem document and its fields, or the status. */
export const describe = ({ status, body }: ShopResponse): string => {
  const { detail, errors } = body as { detail?: string; errors?: { field: string; message: string }[] }; // RFC 9457
  const fields = (errors ?? []).map(({ field, message }) => `${field} ${message}`);
  return [detail ?? `it answered ${status}`, ...fields].join(' ');
};

const isSession = (body: unknown): body is { readonly token: string } =>
  typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string';

const send = async (
  url: string,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<ShopResponse> => {
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
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
};

/** Repeats what failed because the shop or a service is unavailable; both requests may be repeated. */
const patiently = async (
  log: (line: string) => void,
  work: () => Promise<ShopResponse>,
): Promise<ShopResponse> => {
  let isWaiting = false;
  for (const deadline = Date.now() + patienceMs; ; await sleep(retryMs)) {
    const result = await work().catch((error: unknown) => failureOf(error));
    const isAway = typeof result === 'string' || result.status >= 500;
    if (!isAway) return result;
    const reason = typeof result === 'string' ? result : describe(result);
    if (Date.now() > deadline) throw new Error(`the shop is unavailable: ${reason}`);
    if (!isWaiting) log(`waiting: ${reason}`);
    isWaiting = true;
  }
};

const failureOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.message !== '' ? cause.message : String(error);
};
