/** The broker's HTTP API, as an administrator. */
export interface Management {
  /** Throws, naming the address and the broker's reason, unless it was done. Safe to repeat. */
  put(path: readonly string[], body: unknown): Promise<void>;
  get(path: readonly string[]): Promise<unknown>;
  delete(path: readonly string[]): Promise<void>;
}

/** `http://user:password@host:15672`; each call waits `timeoutMs` at most. */
export const openManagement = (url: string, timeoutMs = 10_000): Management => {
  const { username, password, origin } = new URL(url);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const authorization = `Basic ${credentials.toString('base64')}`;

  const call = async (method: string, path: readonly string[], body?: unknown): Promise<string> => {
    const address = `${origin}/api/${path.map(encodeURIComponent).join('/')}`;
    const response = await fetch(address, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${address} answered ${response.status}: ${text.slice(0, 500)}`);
    return text;
  };

  return {
    put: async (path, body) => void (await call('PUT', path, body)),
    get: async (path) => JSON.parse(await call('GET', path)),
    delete: async (path) => void (await call('DELETE', path)),
  };
};
