import { correlationOf, type HttpRequest, type HttpServer, type UpstreamMethods } from '@emporium/service';
import type { Address } from './addresses.ts';
import { askBrowsersToSignIn } from './admin/routes.ts';
import { acceptsEventStream, createEventStreams } from './event-streams.ts';
import { forward, refuseDotSegments } from './forward.ts';
import { requestHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';

/** The methods that services have routes for. For any other the gateway asks the service what the address supports. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A route for each address of a configured service. Access is checked before the body is read. */
export const forwardingRoutes = async (
  server: HttpServer,
  addresses: readonly Address[],
  upstreams: ReadonlyMap<string, Upstream>,
  maxEventStreams: number,
): Promise<void> => {
  const eventStreams = createEventStreams(maxEventStreams);
  server.addHook('preClose', async () => eventStreams.end());
  await server.register((scope, _options, done) => {
    askBrowsersToSignIn(scope);
    // Unparsed: a webhook's signature is over the bytes. The body limit applies.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    for (const address of addresses) {
      const { path, service, access } = address;
      const upstream = upstreams.get(service);
      if (upstream === undefined) continue;
      for (const url of [path, `${path}/*`]) {
        scope.route({
          method: methods,
          url,
          config: { access },
          schema: { hide: true },
          handler: (request, reply) => {
            const isStream = address.streams === true && acceptsEventStream(request);
            const kind = isStream ? `stream ${path}` : kindOf(path, request);
            return forward(request, reply, upstream, { eventStreams, isStream, kind });
          },
        });
      }
    }
    done();
  });
};

/**
 * Reading and writing are separate kinds, since usually one of them is slower. So are streams: all of them are opened at one time
 * after a restart of their service.
 */
const kindOf = (path: string, { method }: HttpRequest): string =>
  `${method === 'GET' || method === 'HEAD' ? 'read' : 'write'} ${path}`;

/** Asks the service which methods it supports at an address. */
export const methodsOfServices =
  (addresses: readonly Address[], upstreams: ReadonlyMap<string, Upstream>): UpstreamMethods =>
  async (request) => {
    const path = request.raw.url ?? '/';
    const upstream = upstreams.get(addressOf(addresses, path)?.service ?? '');
    if (upstream === undefined) return undefined;
    refuseDotSegments(path);
    const { status, headers, body } = await upstream.request({
      method: 'OPTIONS',
      path,
      headers: requestHeaders(request, correlationOf(request)),
      body: undefined,
      signal: new AbortController().signal,
      kind: 'methods',
    });
    if (!Buffer.isBuffer(body)) body.resume();
    return status === 204 && typeof headers['allow'] === 'string' ? headers['allow'].split(/\s*,\s*/) : [];
  };

/** The address with the longest path that matches. */
export const addressOf = (addresses: readonly Address[], url: string): Address | undefined => {
  const [path = ''] = url.split('?', 1);
  return addresses
    .filter((address) => path === address.path || path.startsWith(`${address.path}/`))
    .reduce<Address | undefined>(
      (best, each) => (best === undefined || each.path.length > best.path.length ? each : best),
      undefined,
    );
};
