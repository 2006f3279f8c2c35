import { correlationOf, type HttpRequest, type HttpServer, type UpstreamMethods } from '@emporium/service';
import type { Address } from './addresses.ts';
import { askBrowsersToSignIn } from './admin/routes.ts';
import { createEndlessAnswers } from './endless.ts';
import { forward, refuseDotSegments } from './forward.ts';
import { requestHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';

/** What services have routes for; the gateway asks them what an address takes before it answers any other method. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Every address of a service that is there, with its access checked before the body is read. */
export const forwardingRoutes = async (
  server: HttpServer,
  addresses: readonly Address[],
  upstreams: ReadonlyMap<string, Upstream>,
): Promise<void> => {
  const endless = createEndlessAnswers();
  server.addHook('preClose', async () => endless.end());
  await server.register((scope, _options, done) => {
    askBrowsersToSignIn(scope);
    // Bytes as they come: a webhook's signature is over them. The body limit applies.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    for (const { path, service, access } of addresses) {
      const upstream = upstreams.get(service);
      if (upstream === undefined) continue;
      for (const url of [path, `${path}/*`]) {
        scope.route({
          method: methods,
          url,
          config: { access },
          schema: { hide: true },
          handler: (request, reply) =>
            forward(request, reply, upstream, { endless, kind: kindOf(path, request) }),
        });
      }
    }
    done();
  });
};

/** Reading and writing are apart: one of them is usually the slow one. */
const kindOf = (path: string, { method }: HttpRequest): string =>
  `${method === 'GET' || method === 'HEAD' ? 'read' : 'write'} ${path}`;

/** Asks the service of an address which methods it takes there. */
export const methodsOfServices =
  (addresses: readonly Address[], upstreams: ReadonlyMap<string, Upstream>): UpstreamMethods =>
  async (request) => {
    const path = request.raw.url ?? '/';
    const upstream = upstreams.get(addressOf(addresses, path)?.service ?? '');
    if (upstream === undefined) return undefined;
    refuseDotSegments(path);
    const { status, headers, body } = await upstream.ask({
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

/** The longest path that fits decides. */
export const addressOf = (addresses: readonly Address[], url: string): Address | undefined => {
  const [path = ''] = url.split('?', 1);
  return addresses
    .filter((address) => path === address.path || path.startsWith(`${address.path}/`))
    .reduce<Address | undefined>(
      (best, each) => (best === undefined || each.path.length > best.path.length ? each : best),
      undefined,
    );
};
