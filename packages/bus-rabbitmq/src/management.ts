import { messageOf } from '@emporium/bus';

/** The broker's HTTP API, with the rights of the user in its URL. */
export interface Management {
  /** Throws, naming the address and the broker's reason, unless it was done. Safe to repeat. */
  put(path: readonly string[], body: unknown): Promise<void>;
  get(path: readonly string[], query?: Readonly<Record<string, string>>): Promise<unknown>;
  delete(path: readonly string[]): Promise<void>;
}

/** `http://user:password@host:15672`; each call waits `timeoutMs` at most. */
export const openManagement = (url: string, timeoutMs = 10_000): Management => {
  const { username, password, origin } = new URL(url);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const authorization = `Basic ${credentials.toString('base64')}`;

  const addressOf = (path: readonly string[]): string =>
    `${origin}/api/${path.map(encodeURIComponent).join('/')}`;

  const call = async (method: string, address: string, body?: unknown): Promise<string> => {
    const response = await fetch(address, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${address} answered ${response.status}: ${messageOf(text)}`);
    return text;
  };

  return {
    put: async (path, body) => void (await call('PUT', addressOf(path), body)),
    get: async (path, query = {}) => {
      const address = new URL(addressOf(path));
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
      return JSON.parse(await call('GET', address.href));
    },
    delete: async (path) => void (await call('DELETE', addressOf(path))),
  };
};
