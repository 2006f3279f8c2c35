import { isIPv6 } from 'node:net';
import type { HttpRequest } from '@emporium/service';

/**
 * Identifies the client for rate limits. The gateway replaces `x-forwarded-for` with the address of the caller. An IPv6 client is
 * identified by its /64 network, since one subscriber has all of its addresses.
 */
export const clientOf = ({ headers, ip }: Pick<HttpRequest, 'headers' | 'ip'>): string => {
  const forwarded = headers['x-forwarded-for'];
  const address = (typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined) || ip;
  return isIPv6(address) ? networkOf(address) : address;
};

/** The first 64 bits; the IPv4 address if it is an IPv4-mapped one. */
const networkOf = (address: string): string => {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [left = '', right = ''] = address.split('::', 2);
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const zeros = Math.max(8 - groups(left).length - groups(right).length, 0);
  const expanded = address.includes('::')
    ? [...groups(left), ...Array<string>(zeros).fill('0'), ...groups(right)]
    : groups(address);
  return expanded
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
};
