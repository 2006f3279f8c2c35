import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isPublicAddress } from './public-address.ts';
import { notPublic, type UrlPolicy } from './receiver-url.ts';
import type { Resolve } from './resolver.ts';

/** A host that leads to an address that we do not send to. The message continues a sentence that begins with the URL. */
export class RefusedAddress extends Error {
  constructor(address: string) {
    super(notPublic(address));
    this.name = 'RefusedAddress';
  }
}

/** Resolves a host. Rejects with `RefusedAddress` when one of its addresses is not public, unless those are allowed. */
export const resolvePublic = async (
  host: string,
  resolve: Resolve,
  { allowPrivate }: UrlPolicy,
): Promise<readonly string[]> => {
  const addresses = await resolve(host);
  const wrong = allowPrivate ? undefined : addresses.find((address) => !isPublicAddress(address));
  if (wrong !== undefined) throw new RefusedAddress(wrong);
  return addresses;
};

/**
 * The `lookup` of a socket: it connects to the very addresses that were checked, so that a name cannot lead elsewhere a moment later (DNS
 * rebinding). Sockets do not call it for a host that is an IP address: `checkUrl` refuses those.
 */
export const checkedLookup =
  (resolve: Resolve, policy: UrlPolicy): LookupFunction =>
  (host, { all }, callback) => {
    resolvePublic(host, resolve, policy).then(
      (found) => {
        const [first, ...rest] = found.map((address) => ({ address, family: familyOf(address) }));
        if (first === undefined) callback(new Error(`${host} has no address`), '');
        else if (all === true) callback(null, [first, ...rest]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

const familyOf = (address: string): number => (ipaddr.parse(address).kind() === 'ipv4' ? 4 : 6);
