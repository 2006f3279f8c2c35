/** A server has refused a request. Asking again does not help. */
export class RefusedCall extends Error {
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${status} ${body.slice(0, 500)}`);
    this.name = 'RefusedCall';
    this.status = status;
  }
}

const timeoutMs = 30_000;

/** Sends JSON, or a form. Throws a RefusedCall for an answer with a 4xx status, and another error for what may work later. */
export const call = async (method: string, url: string, body?: object | FormData): Promise<unknown> => {
  const isForm = body instanceof FormData;
  const response = await fetch(url, {
    method,
    // Kibana requires the first one.
    headers: {
      'kbn-xsrf': 'emporium',
      ...(isForm || body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  const what = `${method} ${url}`;
  if (response.status >= 400 && response.status < 500 && response.status !== 429)
    throw new RefusedCall(what, response.status, text);
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text.slice(0, 500)}`);
  return text === '' ? undefined : JSON.parse(text);
};
