import { isAddress, isPublicAddress } from './public-address.ts';

const maxLength = 2_000;

/** A checked URL, or what is wrong with it, as the rest of a sentence that begins with `url`. */
export type CheckedUrl =
  | { readonly kind: 'accepted'; readonly url: URL }
  | { readonly kind: 'invalid'; readonly message: string }
  /** A valid URL that we do not send to. */
  | { readonly kind: 'refused'; readonly message: string };

export interface UrlPolicy {
  /** Permits plain HTTP, and addresses that are not public: for development. */
  readonly allowPrivate: boolean;
}

/**
 * Checks all of a URL but the addresses of its name. The parser of URLs has turned an address in decimal, octal or hexadecimal digits,
 * or with a dot at its end, into the usual form. Every port may be used: without TLS, nothing behind it understands us.
 */
export const checkUrl = (text: string, { allowPrivate }: UrlPolicy): CheckedUrl => {
  if (text.length > maxLength) return invalid(`must have ${maxLength} characters or less`);
  const url = URL.parse(text.trim());
  if (url === null || !['https:', 'http:'].includes(url.protocol))
    return invalid('must be a URL that begins with https:');
  if (url.protocol === 'http:' && !allowPrivate) return refused('must begin with https:');
  if (url.username !== '' || url.password !== '') return invalid('must not contain a user name or password');
  if (url.hash !== '') return invalid('must not contain a fragment');
  const host = hostOf(url);
  if (allowPrivate) return { kind: 'accepted', url };
  if (isAddress(host) && !isPublicAddress(host)) return refused(notPublic(host));
  if (isLocalName(host)) return refused(notPublic(host));
  return { kind: 'accepted', url };
};

/** Without the brackets of an IPv6 address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Always this machine (RFC 6761, 6.3), whatever a name server says. */
export const isLocalName = (host: string): boolean => /(^|\.)localhost\.?$/i.test(host);

export const notPublic = (address: string): string =>
  `must not lead to ${address}, which is not an address of the public internet`;

const invalid = (message: string) => ({ kind: 'invalid', message }) as const;
const refused = (message: string) => ({ kind: 'refused', message }) as const;
