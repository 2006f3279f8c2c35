import type { FastifyInstance } from 'fastify';
import { pathOf, sendProblem } from './errors.ts';
import { problem } from './problem.ts';

/** An unknown address answers 404; a known one asked with a method that it doesn't have answers 405 with `Allow`. */
export const answerUnknownRoutes = (server: FastifyInstance): void => {
  const routes: { pattern: RegExp; methods: readonly string[] }[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const allowed = new Set(
      routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods),
    );
    if (allowed.size === 0) {
      return sendProblem(request, reply, problem(404, 'not-found', 'There is nothing at this address.'));
    }
    const allow = [...allowed].sort().join(', ');
    const detail = `This address does not take ${request.method}; it takes ${allow}.`;
    return sendProblem(request, reply, problem(405, 'method-not-allowed', detail, { headers: { allow } }));
  });
};

const patternOf = (url: string): RegExp => {
  const steps = url.split('/').map((step) => {
    if (step.startsWith(':')) return '[^/]+';
    return step === '*' ? '.*' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${steps.join('/')}$`);
};
