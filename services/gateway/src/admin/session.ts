import { bearerTokenOf, type HttpRequest, problem } from '@emporium/service';

/** The pages for administrators are here and below; a session is good for nothing else. */
export const adminPath = '/admin';

const cookieName = 'emporium-session';

/** The token of the session in which a page is asked for; what says `Authorization` has no need of one. */
export const sessionTokenOf = ({
  url,
  headers,
}: Pick<HttpRequest, 'url' | 'headers'>): string | undefined => {
  if (headers.authorization !== undefined || !isBelowAdmin(url)) return undefined;
  const [, token] = new RegExp(`(?:^|; *)${cookieName}=([^;]+)`).exec(headers.cookie ?? '') ?? [];
  return token;
};

/** `Authorization: Bearer …`, or the session. One that changes something counts from our own pages alone. */
export const tokenOf = (request: HttpRequest): string => {
  const session = sessionTokenOf(request);
  if (session === undefined) return bearerTokenOf(request);
  if (request.method !== 'GET' && request.method !== 'HEAD') assertOurOwnPage(request);
  return session;
};

/**
 * Throws a 403 problem for a request that another site's page sent. Browsers name the page's origin with everything but GET
 * and HEAD; `SameSite` alone lets other ports of this host pass.
 */
export const assertOurOwnPage = ({ headers: { origin, host } }: Pick<HttpRequest, 'headers'>): void => {
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === host) return;
  throw problem(403, 'foreign-page', 'Only a page of this shop may ask for that with a session.');
};

interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

/** No script reads it, no other site sends it, and over TLS it never leaves TLS. */
export const sessionCookie = ({ headers: { origin = '' } }: HttpRequest, session: Session | undefined) =>
  [
    `${cookieName}=${session?.token ?? ''}`,
    `Path=${adminPath}`,
    `Max-Age=${session === undefined ? 0 : Math.max(Math.floor((session.expiresAt.getTime() - Date.now()) / 1_000), 0)}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(origin.startsWith('https:') ? ['Secure'] : []),
  ].join('; ');

/** Whether an address is this one, below it, or either with a query, and holds nothing that would make it another. */
export const isPageOf = (path: string, url: string): boolean =>
  (url === path || url.startsWith(`${path}/`) || url.startsWith(`${path}?`)) &&
  /^(?:[\w/?#&=+.~:@!$'()*,;-]|%[0-9a-f]{2})*$/i.test(url) &&
  !/\/\/|(?:^|\/)(?:\.|%2e){1,2}(?:[/?#]|$)|%(?:00|0a|0d|2f|5c)/i.test(url);

/** Whether an address is one of the pages. */
export const isBelowAdmin = (url: string): boolean => /^\/admin(?:[/?]|$)/.test(url);
