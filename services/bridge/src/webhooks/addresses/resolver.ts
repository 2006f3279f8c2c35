import { Resolver } from 'node:dns/promises';
import { isAddress } from './public-address.ts';
import { isLocalName } from './receiver-url.ts';

/** Returns the IP addresses of a host name, at least one; rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** For one try, in milliseconds. */
const timeoutMs = 2_000;

/**
 * Asks the name servers of this machine. Not `dns.lookup`: it occupies one of the four threads of the process until a name server
 * answers, so that a few names that nobody answers for would delay all receivers.
 */
export const createResolver = (): Resolve => {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  return async (host) => {
    if (isAddress(host)) return [host];
    if (isLocalName(host)) return ['127.0.0.1', '::1'];
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = [four, six].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (found.length === 0)
      throw four.status === 'rejected' ? four.reason : new Error(`${host} has no address`);
    return found;
  };
};
