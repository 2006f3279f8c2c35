import { bearerTokenOf, type HttpRequest, problem } from '@emporium/service';

/** The pages for administrators are here and below. */
export const adminPath = '/admin';

const cookieName = 'emporium-session';

/** The token in the session cookie of a request; undefined when there is an `Authorization` header. */
export const sessionTokenOf = ({ headers }: Pick<HttpRequest, 'headers'>): string | undefined => {
  if (headers.authorization !== undefined) return undefined;
  const [, token] = new RegExp(`(?:^|; *)${cookieName}=([^;]+)`).exec(headers.cookie ?? '') ?? [];
  return token;
};

/** The token of `Authorization: Bearer …`, or of the session. With a session, only our own pages may send unsafe methods. */
export const tokenOf = (request: HttpRequest): string => {
  const session = sessionTokenOf(request);
  if (session === undefined) return bearerTokenOf(request);
  if (!isSafe(request)) assertOurOwnPage(request);
  return session;
};

/** The token to forward with a request: of its session, unless another site's page sends an unsafe method. */
export const forwardedTokenOf = (request: HttpRequest): string | undefined =>
  isSafe(request) || isOfOurOwnPage(request) ? sessionTokenOf(request) : undefined;

const isSafe = ({ method }: HttpRequest): boolean => method === 'GET' || method === 'HEAD';

/**
 * Throws a 403 problem for a request from another site's page (CSRF). Browsers send `Origin` with every method but GET and HEAD;
 * `SameSite` alone would allow other ports of this host.
 */
export const assertOurOwnPage = (request: Pick<HttpRequest, 'headers'>): void => {
  if (isOfOurOwnPage(request)) return;
  throw problem(403, 'foreign-page', 'Only a page of this shop may send this request with a session.');
};

const isOfOurOwnPage = ({ headers: { origin, host } }: Pick<HttpRequest, 'headers'>): boolean =>
  origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;

interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Scripts cannot read it, other sites cannot send it, and behind TLS it is never sent without TLS. */
export const sessionCookie = ({ headers: { origin = '' } }: HttpRequest, session: Session | undefined) =>
  [
    `${cookieName}=${session?.token ?? ''}`,
    'Path=/',
    `Max-Age=${session === undefined ? 0 : Math.max(Math.floor((session.expiresAt.getTime() - Date.now()) / 1_000), 0)}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(origin.startsWith('https:') ? ['Secure'] : []),
  ].join('; ');

/** Whether a URL is this path or below it, with any query, and contains nothing that could lead to another page or site. */
export const isPageOf = (path: string, url: string): boolean =>
  (url === path || url.startsWith(`${path}/`) || url.startsWith(`${path}?`)) &&
  /^(?:[\w/?#&=+.~:@!$'()*,;-]|%[0-9a-f]{2})*$/i.test(url) &&
  !/\/\/|(?:^|\/)(?:\.|%2e){1,2}(?:[/?#]|$)|%(?:00|0a|0d|2f|5c)/i.test(url);

/** Whether a URL is one of the pages for administrators. */
export const isBelowAdmin = (url: string): boolean => /^\/admin(?:[/?]|$)/.test(url);
