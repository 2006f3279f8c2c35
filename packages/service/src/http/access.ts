import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TokenVerifier, User } from '../tokens.ts';
import { problem } from './problem.ts';

/** Who may call a route. Without a valid token of a user it answers 401; without the role, 403. */
export type Access = 'public' | 'user' | 'administrator';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Problems of this route's own by their status, each with the reason: for its description. */
    problems?: Readonly<Record<number, string>>;
  }
  interface FastifyRequest {
    user: User | null;
  }
}

/** Gives the token of a request, or throws a 401 problem. */
export type TokenOf = (request: FastifyRequest) => string;

/** Checks every route's `config.access` before its body is read. A route that declares none stops the start. */
export const guardRoutes = (
  server: FastifyInstance,
  tokens: TokenVerifier,
  tokenOf: TokenOf = bearerTokenOf,
): void => {
  server.decorateRequest('user', null);
  server.addHook('onRoute', ({ method, url, config, schema }) => {
    if (config?.access === undefined && schema?.hide !== true) {
      throw new Error(
        `${[method].flat().join(', ')} ${url} declares no config.access: public, user or administrator`,
      );
    }
  });
  server.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public') return;
    request.user = await tokens.verify(tokenOf(request));
    if (access === 'administrator' && request.user.role !== 'administrator') {
      throw problem(403, 'forbidden', 'This address is for administrators.');
    }
  });
};

/** The caller of a route whose access is `user` or `administrator`. Throws in any other route: there is none. */
export const currentUser = (request: FastifyRequest): User => {
  if (request.user !== null) return request.user;
  throw new Error(
    `${request.method} ${request.routeOptions.url} has no user: set config.access to user or administrator`,
  );
};

/** The token of `Authorization: Bearer …`, or a 401 problem. */
export const bearerTokenOf = ({ headers: { authorization } }: FastifyRequest): string => {
  const [scheme, token, ...rest] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() === 'bearer' && token !== undefined && token !== '' && rest.length === 0)
    return token;
  throw problem(401, 'unauthorised', 'Send a token: Authorization: Bearer <token>.');
};
