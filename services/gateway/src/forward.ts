import {
  correlationOf,
  type HttpReply,
  type HttpRequest,
  inClientSpan,
  problem,
  recordStatus,
} from '@emporium/service';
import type { EventStreams } from './event-streams.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import type { Upstream, UpstreamRequest } from './upstream.ts';

interface ForwardOptions {
  /** At the service; the caller's own path by default. */
  readonly path?: string;
  readonly eventStreams?: EventStreams;
  /** Whether the caller wants an event stream, at an address that has some. */
  readonly isStream?: boolean;
  /** The bulkhead; see `UpstreamRequest`. */
  readonly kind?: string;
}

/**
 * Sends the request to the service as it is, and the response back to the caller. Aborts when the caller disconnects. The service
 * continues the trace from the span of this request.
 */
export const forward = async (
  request: HttpRequest,
  reply: HttpReply,
  upstream: Upstream,
  { path = request.raw.url ?? '/', eventStreams, isStream = false, kind }: ForwardOptions = {},
) => {
  refuseDotSegments(path);
  const disconnected = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) disconnected.abort();
  });
  const method = request.method as UpstreamRequest['method']; // the routes name the methods that they take
  const { name: peer, url } = upstream;
  const response = await inClientSpan(
    { method, peer, url, context: correlationOf(request) },
    async (span, context) => {
      const response = await upstream.request({
        method,
        path,
        headers: requestHeaders(request, context),
        body: Buffer.isBuffer(request.body) ? request.body : undefined,
        signal: disconnected.signal,
        isStream,
        ...(kind === undefined ? {} : { kind }),
      });
      recordStatus(span, response.status);
      return response;
    },
  );
  const body = eventStreams?.track(response) ?? response.body;
  return reply.code(response.status).headers(responseHeaders(response.headers)).send(body);
};

/** A path with dot segments could reach an address of the service whose access was not checked here. */
export const refuseDotSegments = (path: string): void => {
  const [plain = ''] = path.split('?', 1);
  if (!/[.\\%]/.test(plain)) return; // most paths
  const hasDotSegments = /(?:^|\/)\.{1,2}(?:\/|$)|\\/.test(
    plain.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\'),
  );
  if (hasDotSegments || /%2f/i.test(plain))
    throw problem(400, 'invalid-url', 'The path contains dot segments or encoded slashes.');
};
