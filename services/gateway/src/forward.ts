import { correlationOf, type HttpReply, type HttpRequest, problem } from '@emporium/service';
import type { EndlessAnswers } from './endless.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import type { Upstream, UpstreamRequest } from './upstream.ts';

interface ForwardOptions {
  /** Of the service; the caller's own unless given. */
  readonly path?: string;
  readonly endless?: EndlessAnswers;
  /** See `UpstreamRequest`. */
  readonly kind?: string;
}

/** Hands the request to the service as it is, and its answer back to the caller. */
export const forward = async (
  request: HttpRequest,
  reply: HttpReply,
  upstream: Upstream,
  { path = request.raw.url ?? '/', endless, kind }: ForwardOptions = {},
) => {
  refuseDotSegments(path);
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const answer = await upstream.ask({
    method: request.method as UpstreamRequest['method'], // the routes name the methods that they take
    path,
    headers: requestHeaders(request, correlationOf(request)),
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    signal: gone.signal,
    ...(kind === undefined ? {} : { kind }),
  });
  const body = endless?.handOn(answer) ?? answer.body;
  return reply.code(answer.status).headers(responseHeaders(answer.headers)).send(body);
};

/** A path that climbs would reach an address of the service that this door did not check. */
export const refuseDotSegments = (path: string): void => {
  const [plain = ''] = path.split('?', 1);
  if (!/[.\\%]/.test(plain)) return; // the usual case
  const climbs = /(?:^|\/)\.{1,2}(?:\/|$)|\\/.test(
    plain.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\'),
  );
  if (climbs || /%2f/i.test(plain))
    throw problem(400, 'invalid-url', 'The path holds dot segments or encoded slashes.');
};
