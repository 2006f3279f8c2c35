import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf, sendProblem } from './errors.ts';
import { problem } from './problem.ts';

/**
 * Returns the methods that the upstream server allows for an address that is forwarded; none when the address is unknown there.
 * Undefined for an address that is not forwarded.
 */
export type UpstreamMethods = (request: FastifyRequest) => Promise<readonly string[] | undefined>;

interface KnownRoute {
  readonly url: string;
  readonly pattern: RegExp;
  /** The lowest matches first: static segments before `:parameters`, and those before `*`. */
  readonly rank: string;
  readonly methods: Set<string>;
}

/**
 * Answers an unknown address with 404, a known one with 405 for a method that it does not allow, and OPTIONS with 204; the last two
 * with `Allow`. These requests are answered before their body is read.
 */
export const answerUnknownRoutes = (server: FastifyInstance, upstream?: UpstreamMethods): void => {
  const known = new Map<string, KnownRoute>();
  const overlapping = new Map<string, readonly KnownRoute[]>();
  server.addHook('onRoute', ({ url, method }) => {
    const route = known.get(url) ?? { url, pattern: patternOf(url), rank: rankOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    known.set(url, route);
    overlapping.clear();
  });

  const bestFor = (path: string): KnownRoute | undefined =>
    [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .reduce<KnownRoute | undefined>(
        (best, each) => (best === undefined || each.rank < best.rank ? each : best),
        undefined,
      );

  /** Routes that match some of the addresses of this one more exactly. */
  const moreExact = (url: string): readonly KnownRoute[] => {
    const found =
      overlapping.get(url) ??
      [...known.values()].filter(
        (other) => other.url !== url && patternOf(url).test(other.url) && other.rank < rankOf(url),
      );
    overlapping.set(url, found);
    return found;
  };

  /** Whether the router chose a general route because the exact one does not have the method. */
  const isFallback = (request: FastifyRequest): boolean => {
    const { url = '' } = request.routeOptions;
    if (!/[:*]/.test(url)) return false;
    const others = moreExact(url);
    if (others.length === 0) return false;
    const path = pathOf(request.url);
    return others.some(({ pattern }) => pattern.test(path));
  };

  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const methods = (await upstream?.(request)) ?? [...(bestFor(pathOf(request.url))?.methods ?? [])];
    return answerWithMethods(request, reply, methods);
  };

  server.addHook('onRequest', async (request, reply) => {
    if (request.is404 || isFallback(request)) return answer(request, reply);
    return undefined;
  });
  server.setNotFoundHandler(answer);
};

const answerWithMethods = (request: FastifyRequest, reply: FastifyReply, methods: readonly string[]) => {
  const { method, url } = request;
  if (method === 'OPTIONS' && url === '*') return reply.code(204).send();
  if (methods.length === 0) {
    return sendProblem(request, reply, problem(404, 'not-found', 'There is nothing at this address.'));
  }
  const allow = [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
  if (method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
  const detail = `This address does not allow ${method.slice(0, 40)}; it allows ${allow}.`;
  return sendProblem(request, reply, problem(405, 'method-not-allowed', detail, { headers: { allow } }));
};

const patternOf = (url: string): RegExp => {
  const segments = url.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    return segment === '*' ? '.*' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
};

const rankOf = (url: string): string =>
  url
    .split('/')
    .map((segment) => (segment === '*' ? '2' : segment.startsWith(':') ? '1' : '0'))
    .join('');
