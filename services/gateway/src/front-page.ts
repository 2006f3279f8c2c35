import type { HttpServer } from '@emporium/service';
import type { Address } from './addresses.ts';
import { forward } from './forward.ts';
import type { Upstream } from './upstream.ts';

/** For people: what is here, who is up, and the services' own descriptions. */
export const frontPage = (
  server: HttpServer,
  addresses: readonly Address[],
  upstreams: ReadonlyMap<string, Upstream>,
): void => {
  const route = { schema: { hide: true }, config: { access: 'public' } } as const;

  server.get('/', route, () => ({
    name: 'Emporium',
    docs: '/docs/',
    health: '/health/services',
    addresses: addresses.filter(({ service }) => upstreams.has(service)),
  }));

  server.get('/health/services', route, async () => ({
    services: Object.fromEntries(
      await Promise.all(
        [...upstreams.values()].map(async (upstream) => [upstream.name, await stateOf(upstream)]),
      ),
    ),
  }));

  for (const upstream of upstreams.values()) {
    server.get(documentOf(upstream.name), route, (request, reply) =>
      forward(request, reply, upstream, { path: '/openapi.json' }),
    );
  }
};

export const documentOf = (service: string): string => `/docs/${service}/openapi.json`;

const stateOf = async (upstream: Upstream): Promise<'ready' | 'not-ready' | 'away'> => {
  try {
    const signal = AbortSignal.timeout(2_000);
    const request = { method: 'GET', path: '/health/ready', headers: {}, body: undefined, signal } as const;
    const { status, body } = await upstream.ask(request);
    if (!Buffer.isBuffer(body)) body.resume();
    return status === 200 ? 'ready' : 'not-ready';
  } catch {
    return 'away'; // the whole of what this page says about it; requests to the service tell the reason
  }
};
