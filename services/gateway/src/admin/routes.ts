import { type HttpReply, type HttpRequest, type HttpServer, Problem } from '@emporium/service';
import { z } from 'zod';
import type { Upstream } from '../upstream.ts';
import { pageHeaders, signInPage, startPage } from './pages.ts';
import { adminPath, assertOurOwnPage, isBelowAdmin, sessionCookie } from './session.ts';
import { signIn } from './sign-in.ts';

const form = z.object({
  email: z.string().max(320),
  password: z.string().max(200),
  next: z.string().refine(isBelowAdmin, 'must be a page for administrators').default(adminPath),
});

/** Where administrators sign in and out with a browser, and what there is for them. */
export const adminRoutes = async (
  server: HttpServer,
  paths: readonly string[],
  accounts: Upstream,
): Promise<void> => {
  await server.register((scope: HttpServer, _options: unknown, done: () => void) => {
    askBrowsersToSignIn(scope);
    takeForms(scope);
    const hidden = { schema: { hide: true }, config: { access: 'public' } } as const;

    scope.get(adminPath, { ...hidden, config: { access: 'administrator' } }, (_request, reply) =>
      reply.headers(pageHeaders).send(startPage(paths)),
    );

    scope.post(
      '/admin/session',
      { ...hidden, schema: { hide: true, body: form } },
      async (request, reply) => {
        assertOurOwnPage(request);
        const { next, ...credentials } = request.body;
        const outcome = await signIn(request, credentials, accounts);
        if (outcome.kind === 'signed-in') {
          return reply.header('set-cookie', sessionCookie(request, outcome)).redirect(next, 303);
        }
        const { status, reason: message } = outcome;
        return reply.code(status).headers(pageHeaders).send(signInPage({ next, message }));
      },
    );

    scope.post('/admin/session/end', hidden, async (request, reply) => {
      assertOurOwnPage(request);
      return reply.header('set-cookie', sessionCookie(request, undefined)).redirect(adminPath, 303);
    });
    done();
  });
};

/** Below `/admin` a browser that lacks a session is shown the form, with the status that everybody else gets. */
export const askBrowsersToSignIn = (scope: HttpServer): void => {
  scope.setErrorHandler((error: unknown, request: HttpRequest, reply: HttpReply) => {
    const asksForPage = isBelowAdmin(request.url) && request.headers.accept?.includes('text/html') === true;
    if (!(error instanceof Problem) || error.status !== 401 || !asksForPage) throw error;
    const next = request.method === 'GET' ? request.url : adminPath;
    return reply.code(401).headers(pageHeaders).send(signInPage({ next }));
  });
};

const takeForms = (scope: HttpServer): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 8 * 1_024 },
    (_request, text, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(String(text)))),
  );
};
