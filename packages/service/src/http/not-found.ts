import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf, sendProblem } from './errors.ts';
import { problem } from './problem.ts';

/**
 * The methods that an address of another server takes, for a server that forwards to it; none when there is nothing. Undefined
 * for an address of the server's own.
 */
export type MethodsElsewhere = (request: FastifyRequest) => Promise<readonly string[] | undefined>;

interface Known {
  readonly url: string;
  readonly pattern: RegExp;
  /** Lower sorts first: what is written out beats `:parameters`, and those beat `*`. */
  readonly rank: string;
  readonly methods: Set<string>;
}

/**
 * An unknown address answers 404; a known one asked with a method that it does not take answers 405, and OPTIONS answers 204,
 * both with `Allow`. A request for either is answered before its body is read, whatever the method.
 */
export const answerUnknownRoutes = (server: FastifyInstance, elsewhere?: MethodsElsewhere): void => {
  const known = new Map<string, Known>();
  const overlapping = new Map<string, readonly Known[]>();
  server.addHook('onRoute', ({ url, method }) => {
    const route = known.get(url) ?? { url, pattern: patternOf(url), rank: rankOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    known.set(url, route);
    overlapping.clear();
  });

  const bestFor = (path: string): Known | undefined =>
    [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .reduce<Known | undefined>(
        (best, each) => (best === undefined || each.rank < best.rank ? each : best),
        undefined,
      );

  /** Routes that are more exact than this one for some address of it. */
  const moreExact = (url: string): readonly Known[] => {
    const found =
      overlapping.get(url) ??
      [...known.values()].filter(
        (other) => other.url !== url && patternOf(url).test(other.url) && other.rank < rankOf(url),
      );
    overlapping.set(url, found);
    return found;
  };

  /** Whether the router took a general route because the exact one for this address lacks the method. */
  const isStandIn = (request: FastifyRequest): boolean => {
    const { url = '' } = request.routeOptions;
    if (!/[:*]/.test(url)) return false;
    const others = moreExact(url);
    if (others.length === 0) return false;
    const path = pathOf(request.url);
    return others.some(({ pattern }) => pattern.test(path));
  };

  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const methods = (await elsewhere?.(request)) ?? [...(bestFor(pathOf(request.url))?.methods ?? [])];
    return answerWithMethods(request, reply, methods);
  };

  server.addHook('onRequest', async (request, reply) => {
    if (request.is404 || isStandIn(request)) return answer(request, reply);
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
  const detail = `This address does not take ${method.slice(0, 40)}; it takes ${allow}.`;
  return sendProblem(request, reply, problem(405, 'method-not-allowed', detail, { headers: { allow } }));
};

const patternOf = (url: string): RegExp => {
  const steps = url.split('/').map((step) => {
    if (step.startsWith(':')) return '[^/]+';
    return step === '*' ? '.*' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${steps.join('/')}$`);
};

const rankOf = (url: string): string =>
  url
    .split('/')
    .map((step) => (step === '*' ? '2' : step.startsWith(':') ? '1' : '0'))
    .join('');
