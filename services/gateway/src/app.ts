import { shop } from '@emporium/contracts';
import {
  createHealth,
  createHttpServer,
  createTokenVerifier,
  type HttpServer,
  type LifecycleStage,
  type Log,
  listen,
} from '@emporium/service';
import { addresses } from './addresses.ts';
import { adminRoutes } from './admin/routes.ts';
import { adminPath, tokenOf } from './admin/session.ts';
import type { Config } from './config.ts';
import { messageDocs } from './docs/routes.ts';
import { documentOf, frontPage } from './front-page.ts';
import { passwordPage } from './reset-password/page.ts';
import { forwardingRoutes, methodsOfServices } from './routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { createShopDocument } from './shop-document.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const limits = { timeoutMs: config.UPSTREAM_TIMEOUT_MS, capacity: config.UPSTREAM_CAPACITY };
  const upstreams = new Map(
    [...config.upstreams].map(([name, url]) => [name, createUpstream({ name, url, ...limits })] as const),
  );
  const server = await createHttpServer({
    log,
    health,
    api: {
      title: 'Gateway',
      description: 'The entry point of the shop',
      document: createShopDocument(addresses, upstreams),
    },
    upstreamMethods: methodsOfServices(addresses, upstreams),
    tokens: createTokenVerifier(config.JWT_PUBLIC_KEY),
    tokenOf,
    documents: [
      { name: 'the whole shop', url: '/openapi.json' },
      ...[...upstreams.keys()].map((name) => ({ name, url: documentOf(name) })),
    ],
    routes: [
      setSecurityHeaders,
      (scope) => frontPage(scope, addresses, upstreams),
      (scope) => messageDocs(scope, shop),
      passwordPage,
      (scope) => pagesForAdministrators(scope, upstreams),
      (scope) => forwardingRoutes(scope, addresses, upstreams, config.EVENT_STREAMS),
    ],
  });
  const pools: LifecycleStage = {
    name: 'upstreams',
    start: () => async () => {
      await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
    },
  };
  return [pools, listen(server, health, config)];
};

/** There are none without user-registration, which signs administrators in. */
const pagesForAdministrators = async (
  scope: HttpServer,
  upstreams: ReadonlyMap<string, Upstream>,
): Promise<void> => {
  const accounts = upstreams.get('user-registration');
  const pages = addresses.filter(
    ({ path, service }) => path.startsWith(`${adminPath}/`) && upstreams.has(service),
  );
  if (accounts !== undefined) {
    const paths = pages.map(({ path }) => path);
    sessionRoutes(scope, accounts);
    await adminRoutes(scope, paths, accounts);
  }
};

/** The strictest policy; pages replace it with their own. */
const setSecurityHeaders = (server: HttpServer): void => {
  server.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    reply.header('referrer-policy', 'no-referrer');
    reply.header('cross-origin-resource-policy', 'same-origin');
  });
};
