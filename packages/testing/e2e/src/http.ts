import { setTimeout as sleep } from 'node:timers/promises';

/** A response with an unexpected status; the message contains the problem document. */
export class UnexpectedResponse extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 1_000)}`);
    this.name = 'UnexpectedResponse';
    this.status = status;
  }
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpResponse<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Http {
  /** Resolves with any response; the body is parsed when it is JSON. */
  request<Body>(method: string, path: string, options?: RequestOptions): Promise<HttpResponse<Body>>;
  /** Resolves with the body of a 2xx response; throws `UnexpectedResponse` for any other. */
  call<Body>(method: string, path: string, options?: RequestOptions): Promise<Body>;
}

export interface HttpOptions {
  /** How long a request is retried while the shop answers 503 with a Retry-After, in milliseconds. 0 by default. */
  readonly retryForMs?: number;
}

const retryDelayMs = 500;

/** JSON over HTTP to the shop's gateway. A request that was answered 503 with a Retry-After had no effect, and can be retried. */
export const createHttp = (url: string, { retryForMs = 0 }: HttpOptions = {}): Http => {
  const request = async <Body>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<HttpResponse<Body>> => {
    for (const deadline = Date.now() + retryForMs; ; await sleep(retryDelayMs)) {
      const response = await requestOnce<Body>(method, path, options);
      const isAway = response.status === 503 && response.headers.has('retry-after');
      if (!isAway || Date.now() > deadline) return response;
    }
  };

  const requestOnce = async <Body>(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<HttpResponse<Body>> => {
    const { body, token, headers = {} } = options;
    const response = await fetchOrExplain(method, new URL(path, url), {
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) as Body }; // the caller knows the route
  };
  return {
    request,
    call: async <Body>(method: string, path: string, options?: RequestOptions) => {
      const { status, body } = await request<Body>(method, path, options);
      if (status < 200 || status > 299)
        throw new UnexpectedResponse(method, path, status, JSON.stringify(body));
      return body;
    },
  };
};

/** fetch has the message "fetch failed" for every address that does not answer. */
const fetchOrExplain = async (method: string, url: URL, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, { method, ...init });
  } catch (cause) {
    const reason =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new Error(`${method} ${url.pathname} was not answered: ${reason}`, { cause });
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
