import {
  assertPlainUtf8,
  type HttpReply,
  type HttpRequest,
  type HttpServer,
  Problem,
  textOf,
} from '@emporium/service';
import { z } from 'zod';
import type { Upstream } from '../upstream.ts';
import { pageHeaders, signInPage, startPage } from './pages.ts';
import { adminPath, assertOurOwnPage, isBelowAdmin, isPageOf, sessionCookie } from './session.ts';
import { signIn } from './sign-in.ts';

const notForCustomers = { status: 403, reason: 'This page is for administrators.' };

const formFor = (paths: readonly string[]) => {
  const isKnown = (url: string) =>
    url.split(/[?#]/, 1)[0] === adminPath
      ? isPageOf(adminPath, url)
      : paths.some((path) => isPageOf(path, url));
  return z.object({
    email: z.string().max(320),
    password: z.string().max(200),
    next: z.string().max(2_000).refine(isKnown, 'must be a page for administrators').default(adminPath),
  });
};

interface AdminOptions {
  /** Of the pages, which may be requested before signing in. */
  readonly paths: readonly string[];
  readonly accounts: Upstream;
  /** The pages that the gateway has itself. */
  readonly routes: readonly ((scope: HttpServer) => void)[];
}

/** The start page of administrators, and signing in and out with a browser. */
export const adminRoutes = async (
  server: HttpServer,
  { paths, accounts, routes }: AdminOptions,
): Promise<void> => {
  await server.register((scope: HttpServer, _options: unknown, done: () => void) => {
    askBrowsersToSignIn(scope);
    acceptForms(scope);
    const hidden = { schema: { hide: true }, config: { access: 'public' } } as const;

    scope.get(adminPath, { ...hidden, config: { access: 'administrator' } }, (_request, reply) =>
      reply.headers(pageHeaders).send(startPage(paths)),
    );

    for (const add of routes) add(scope);

    scope.post(
      '/admin/session',
      { ...hidden, schema: { hide: true, body: formFor(paths) } },
      async (request, reply) => {
        assertOurOwnPage(request);
        const { next, ...credentials } = request.body;
        const outcome = await signIn(request, credentials, accounts);
        if (outcome.kind === 'signed-in' && outcome.user.role === 'administrator') {
          return reply.header('set-cookie', sessionCookie(request, outcome)).redirect(next, 303);
        }
        const { status, reason: message } = outcome.kind === 'refused' ? outcome : notForCustomers;
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

/** Below `/admin` a browser without a session gets the sign-in form, with the same status 401. */
export const askBrowsersToSignIn = (scope: HttpServer): void => {
  scope.setErrorHandler((error: unknown, request: HttpRequest, reply: HttpReply) => {
    const asksForPage = isBelowAdmin(request.url) && request.headers.accept?.includes('text/html') === true;
    if (!(error instanceof Problem) || error.status !== 401 || !asksForPage) throw error;
    const next = request.method === 'GET' ? request.url : adminPath;
    return reply.code(401).headers(pageHeaders).send(signInPage({ next }));
  });
};

const acceptForms = (scope: HttpServer): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: 8 * 1_024 },
    async (request: HttpRequest, bytes: Buffer) => {
      assertPlainUtf8(request);
      return Object.fromEntries(new URLSearchParams(textOf(bytes)));
    },
  );
};
