import ipaddr from 'ipaddr.js';

/**
 * Whether an IP address belongs to the public internet. Private, loopback, link-local, shared (CGNAT), multicast, documentation and
 * reserved ranges do not, nor do IPv6 addresses that stand for an IPv4 address (mapped, NAT64, 6to4, Teredo): what they lead to depends
 * on a gateway. Of IPv6 only 2000::/3 is in use (RFC 4291, 2.4).
 */
export const isPublicAddress = (text: string): boolean => {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast);
};

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether a host of a URL is an IP address, and not a name. */
export const isAddress = (host: string): boolean => ipaddr.isValid(host);
