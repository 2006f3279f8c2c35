import type { HttpServer } from '@emporium/service';
import type { Address } from './addresses.ts';
import { pageHeaders } from './admin/pages.ts';
import { forward } from './forward.ts';
import { homePage } from './home-page.ts';
import type { Upstream } from './upstream.ts';

/** The shop at `/`, links for people and programs, and the OpenAPI documents of the services. */
export const frontPage = (
  server: HttpServer,
  addresses: readonly Address[],
  upstreams: ReadonlyMap<string, Upstream>,
): void => {
  const route = { schema: { hide: true }, config: { access: 'public' } } as const;

  const present = addresses.filter(({ service }) => upstreams.has(service));
  server.get('/', route, (request, reply) => {
    reply.header('vary', 'accept');
    if (!prefersPages(request.headers.accept)) {
      const links = {
        ...{ docs: '/docs/', openapi: '/openapi.json' },
        ...{ events: '/docs/events', asyncapi: '/docs/asyncapi.json' },
        status: '/status.json',
      };
      return reply.send({ name: 'Emporium', ...links, addresses: present });
    }
    const web = upstreams.get('web');
    return web === undefined ? reply.redirect('/api', 303) : forward(request, reply, web, { kind: 'page' });
  });

  server.get('/api', route, (request, reply) => {
    const origin = `${request.protocol}://${hostOf(request.headers.host)}`;
    return reply.headers(pageHeaders).send(homePage({ origin, addresses: present }));
  });

  for (const upstream of upstreams.values()) {
    server.get(documentOf(upstream.name), route, (request, reply) =>
      forward(request, reply, upstream, { path: '/openapi.json', kind: 'document' }),
    );
  }
};

/** Whether HTML comes before JSON in `Accept`, as in a browser's; anything else gets JSON. */
export const prefersPages = (accept = ''): boolean => {
  const html = accept.search(/text\/html|application\/xhtml\+xml/i);
  const json = accept.search(/application\/(?:[\w.]+\+)?json/i);
  return html !== -1 && (json === -1 || html < json);
};

/** The page shows it in shell commands: an invalid host is replaced. */
const hostOf = (host = ''): string =>
  /^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i.test(host) ? host : 'localhost';

export const documentOf = (service: string): string => `/docs/${service}/openapi.json`;
