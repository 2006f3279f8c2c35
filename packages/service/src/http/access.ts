import type { Actor } from '@emporium/bus';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TokenVerifier, User } from '../auth/tokens.ts';
import { problem } from './problems/problem.ts';

/** Who may call a route. It answers 401 without a valid token, and 403 without the role. */
export type Access = 'public' | 'user' | 'administrator';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Further problems of this route, by status, with a description for OpenAPI. */
    problems?: Readonly<Record<number, string>>;
    /** `false`: its requests are no spans and not logged at debug. For what exporters send, which would be about itself. */
    isTraced?: boolean;
  }
  interface FastifyRequest {
    user: User | null;
  }
}

/** Returns the token of a request, or throws a 401 problem. */
export type TokenOf = (request: FastifyRequest) => string;

/** Enforces the `config.access` of every route before its body is read. Throws when a route that is not hidden declares none. */
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
      throw problem(403, 'forbidden', 'This address is for administrators only.');
    }
  });
};

/** The caller of a route whose access is `user` or `administrator`. Throws in a public route. */
export const currentUser = (request: FastifyRequest): User => {
  if (request.user !== null) return request.user;
  throw new Error(
    `${request.method} ${request.routeOptions.url} has no user: set config.access to user or administrator`,
  );
};

/** The caller as the actor of what follows from the request. */
export const actorOf = ({ userId, role }: User): Actor => ({ kind: role, id: userId });

/** Returns the token of `Authorization: Bearer …`, or throws a 401 problem. */
export const bearerTokenOf = ({ headers: { authorization } }: FastifyRequest): string => {
  const [scheme, token, ...rest] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() === 'bearer' && token !== undefined && token !== '' && rest.length === 0)
    return token;
  throw problem(401, 'unauthorised', 'Send a token: Authorization: Bearer <token>.');
};
