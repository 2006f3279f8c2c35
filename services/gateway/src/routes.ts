import type { HttpServer } from '@emporium/service';
import type { Address } from './addresses.ts';
import { askBrowsersToSignIn } from './admin/routes.ts';
import { createEndlessAnswers } from './endless.ts';
import { forward } from './forward.ts';
import type { Upstream } from './upstream.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

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
          handler: (request, reply) => forward(request, reply, upstream, { endless }),
        });
      }
    }
    done();
  });
};
