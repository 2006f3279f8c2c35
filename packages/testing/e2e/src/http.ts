import { setTimeout as sleep } from 'node:timers/promises';

/** A request that was not answered as expected; the message holds the problem document. */
export class UnexpectedAnswer extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 1_000)}`);
    this.name = 'UnexpectedAnswer';
    this.status = status;
  }
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Http {
  /** Whatever the answer; the body is parsed when it is JSON. */
  ask<Body>(method: string, path: string, options?: RequestOptions): Promise<Answer<Body>>;
  /** The body of a 2xx answer; anything else throws `UnexpectedAnswer`. */
  call<Body>(method: string, path: string, options?: RequestOptions): Promise<Body>;
}

/** How long between two tries while something is away, in milliseconds. */
const againMs = 500;

/**
 * JSON over HTTP to the shop's front door. For up to `patienceMs` (0 unless given) it asks again when the shop answers that
 * something of it is away (503, with a Retry-After): then nothing was done.
 */
export const createHttp = (url: string, { patienceMs = 0 }: { readonly patienceMs?: number } = {}): Http => {
  const ask = async <Body>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Answer<Body>> => {
    for (const deadline = Date.now() + patienceMs; ; await sleep(againMs)) {
      const answer = await askOnce<Body>(method, path, options);
      const isAway = answer.status === 503 && answer.headers.has('retry-after');
      if (!isAway || Date.now() > deadline) return answer;
    }
  };

  const askOnce = async <Body>(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<Answer<Body>> => {
    const { body, token, headers = {} } = options;
    const response = await reach(method, new URL(path, url), {
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
    ask,
    call: async <Body>(method: string, path: string, options?: RequestOptions) => {
      const { status, body } = await ask<Body>(method, path, options);
      if (status < 200 || status > 299)
        throw new UnexpectedAnswer(method, path, status, JSON.stringify(body));
      return body;
    },
  };
};

/** fetch says "fetch failed" of every address that does not answer. */
const reach = async (method: string, url: URL, init: RequestInit): Promise<Response> => {
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
