import { z } from 'zod';
import type { Address } from './addresses.ts';
import { addressOf } from './routes.ts';
import type { Upstream } from './upstream.ts';

const document = z.looseObject({
  info: z.looseObject({ title: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});
type Document = z.output<typeof document>;

/** For this time, in milliseconds, no document is requested from a service again, so that a flood of requests does not reach it. */
const freshMs = 2_000;

/**
 * One OpenAPI document for the whole shop, merged from those of its services: the forwarded paths, tagged with the service. A
 * service that cannot be reached is described as it last was; the description names those that were never reached.
 */
export const createShopDocument = (
  addresses: readonly Address[],
  upstreams: ReadonlyMap<string, Upstream>,
): (() => Promise<object>) => {
  const seen = new Map<string, Document>();

  const refresh = async (upstream: Upstream): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(2_000);
      const request = { method: 'GET', path: '/openapi.json', headers: {}, body: undefined, signal } as const;
      const { body } = await upstream.request({ ...request, kind: 'document' });
      const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(await body.toArray());
      seen.set(upstream.name, document.parse(JSON.parse(bytes.toString())));
    } catch {
      // It cannot be reached, or this is not its document: the last one stays.
    }
  };

  let refreshed: Promise<unknown> = Promise.resolve();
  let staleAt = 0;
  const refreshAll = (): Promise<unknown> => {
    if (performance.now() < staleAt) return refreshed;
    staleAt = performance.now() + freshMs;
    refreshed = Promise.all([...upstreams.values()].map(refresh));
    return refreshed;
  };

  return async () => {
    await refreshAll();
    const missing = [...upstreams.keys()].filter((name) => !seen.has(name));
    return {
      openapi: '3.1.0',
      info: {
        title: 'Emporium',
        version: '1',
        description: `Everything that the shop answers over HTTP.${missing.length === 0 ? '' : ` Away right now, and not described: ${missing.join(', ')}.`}`,
      },
      servers: [{ url: '/' }],
      tags: [...seen.keys()].map((name) => ({ name })),
      components: merged([...seen.values()].map(({ components }) => components)),
      paths: Object.assign({}, ...[...seen].map(([name, each]) => pathsOf(name, each, addresses))),
    };
  };
};

const pathsOf = (service: string, { paths }: Document, addresses: readonly Address[]) =>
  Object.fromEntries(
    Object.entries(paths)
      .filter(([path]) => addressOf(addresses, path)?.service === service)
      .map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [method, tagged(operation, service)]),
        ),
      ]),
  );

const tagged = (operation: unknown, service: string): unknown =>
  typeof operation === 'object' && operation !== null ? { ...operation, tags: [service] } : operation;

/** Schemas with the same name are the same: all of them come from one package. */
const merged = (all: readonly Document['components'][]): Document['components'] => {
  const components: Document['components'] = {};
  for (const [kind, entries] of all.flatMap((each) => Object.entries(each)))
    components[kind] = { ...components[kind], ...entries };
  return components;
};
