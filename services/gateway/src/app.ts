import { shop } from '@emporium/contracts';
import {
  createHealth,
  createHttpServer,
  createProcessDetails,
  createTokenVerifier,
  type HttpServer,
  type LifecycleStage,
  type Log,
  listen,
} from '@emporium/service';
import { addresses, workers } from './addresses.ts';
import { adminRoutes } from './admin/routes.ts';
import { adminPath, tokenOf } from './admin/session.ts';
import type { Config } from './config.ts';
import { messageDocs } from './docs/routes.ts';
import { documentOf, frontPage } from './front-page.ts';
import { passwordPage } from './reset-password/page.ts';
import { forwardingRoutes, methodsOfServices } from './routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { createShopDocument } from './shop-document.ts';
import { createObservations } from './status/observations.ts';
import { createStatusPages, type StatusPages } from './status/routes.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const limits = { timeoutMs: config.UPSTREAM_TIMEOUT_MS, capacity: config.UPSTREAM_CAPACITY };
  const connect = (urls: ReadonlyMap<string, string>): ReadonlyMap<string, Upstream> =>
    new Map([...urls].map(([name, url]) => [name, createUpstream({ name, url, ...limits })] as const));
  const upstreams = connect(config.upstreams);
  const processes = [...upstreams.values(), ...connect(config.workers).values()];
  const observations = createObservations({ upstreams: processes, own: createProcessDetails(health) });
  const status = createStatusPages({ observations, registry: shop, workers });
  const server = await createHttpServer({
    log,
    health,
    isPublic: true,
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
      status.routes,
      (scope) => messageDocs(scope, shop),
      passwordPage,
      (scope) => pagesForAdministrators(scope, upstreams, status),
      (scope) => forwardingRoutes(scope, addresses, upstreams, config.EVENT_STREAMS),
    ],
  });
  const pools: LifecycleStage = {
    name: 'upstreams',
    start: () => async () => {
      await Promise.all(processes.map((upstream) => upstream.close()));
    },
  };
  return [pools, observations.watch, listen(server, health, { ...config, isPublic: true })];
};

/** There are none without user-registration, which signs administrators in. */
const pagesForAdministrators = async (
  scope: HttpServer,
  upstreams: ReadonlyMap<string, Upstream>,
  status: StatusPages,
): Promise<void> => {
  const accounts = upstreams.get('user-registration');
  const pages = addresses.filter(
    ({ path, service }) => path.startsWith(`${adminPath}/`) && upstreams.has(service),
  );
  if (accounts !== undefined) {
    const paths = [status.adminPath, ...pages.map(({ path }) => path)];
    sessionRoutes(scope, accounts);
    await adminRoutes(scope, { paths, accounts, routes: [status.adminRoutes] });
  }
};

/** The strictest policy; pages replace it with their own. */
const setSecurityHeaders = (server: HttpServer): void => {
  server.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    // With `no-referrer` browsers would send `Origin: null` with the forms of our own pages.
    reply.header('referrer-policy', 'same-origin');
    reply.header('cross-origin-resource-policy', 'same-origin');
  });
};
