import { isIPv6 } from 'node:net';
import type { HttpRequest } from '@emporium/service';

/**
 * Who asks, as the gateway says: it replaces whatever callers write into `x-forwarded-for` with their address. Of an IPv6 address
 * it is the network, since a subscriber has all of its addresses.
 */
export const clientOf = ({ headers, ip }: Pick<HttpRequest, 'headers' | 'ip'>): string => {
  const forwarded = headers['x-forwarded-for'];
  const address = (typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined) || ip;
  return isIPv6(address) ? networkOf(address) : address;
};

/** The first 64 bits, or an IPv4 address that is written as IPv6. */
const networkOf = (address: string): string => {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [left = '', right = ''] = address.split('::', 2);
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const zeros = Math.max(8 - groups(left).length - groups(right).length, 0);
  const whole = address.includes('::')
    ? [...groups(left), ...Array<string>(zeros).fill('0'), ...groups(right)]
    : groups(address);
  return whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
};
