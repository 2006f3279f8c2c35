import { type HttpServer, problem } from '@emporium/service';
import { z } from 'zod';
import { assertOurOwnPage, sessionCookie } from './admin/session.ts';
import { account, signIn } from './admin/sign-in.ts';
import type { Upstream } from './upstream.ts';

const credentials = z.object({ email: z.string().min(1).max(320), password: z.string().min(1).max(200) });

/**
 * Signing in and out with our own pages. The token is in a cookie that scripts cannot read and other sites cannot send; other clients
 * send the token of `POST /api/sessions` themselves.
 */
export const sessionRoutes = (server: HttpServer, accounts: Upstream): void => {
  const config = { access: 'public' } as const;

  server.post(
    '/session',
    {
      config,
      schema: {
        hide: true,
        body: credentials,
        response: { 201: z.object({ user: account, expiresAt: z.string() }) },
      },
    },
    async (request, reply) => {
      assertOurOwnPage(request);
      const outcome = await signIn(request, request.body, accounts);
      if (outcome.kind === 'refused') throw problem(outcome.status, 'not-signed-in', outcome.reason);
      const { user, expiresAt } = outcome;
      return reply
        .code(201)
        .header('set-cookie', sessionCookie(request, outcome))
        .send({ user, expiresAt: expiresAt.toISOString() });
    },
  );

  server.delete('/session', { config, schema: { hide: true } }, async (request, reply) => {
    assertOurOwnPage(request);
    return reply.header('set-cookie', sessionCookie(request, undefined)).code(204).send();
  });
};
