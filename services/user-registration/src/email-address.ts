import { domainToASCII } from 'node:url';

/** RFC 5321: 64 octets before the @, 254 in all. */
const longestLocalPart = 64;
const longestAddress = 254;

/** RFC 5322's dot-atom: what mail servers take without quotes. */
const localPart = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** A host with at least two labels, whose last one is no number. */
const host = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** What a domain is written with, in any script: `domainToASCII` would take more, and tidy it up. */
const domainCharacters = /^[\p{L}\p{M}\p{N}.\-\u3002\uff0e\uff61\u200c\u200d]+$/u;

/**
 * An address as it is kept: trimmed, with its domain in ASCII (IDNA) and small letters. Undefined for what is no address. The
 * part before the @ stays as it was given; see `addressKey`.
 */
export const canonicalAddress = (text: string): string | undefined => {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1).normalize('NFC');
  if (at < 1 || local.length > longestLocalPart || !localPart.test(local)) return undefined;
  if (!domainCharacters.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  const canonical = `${local}@${ascii}`;
  return host.test(ascii) && canonical.length <= longestAddress ? canonical : undefined;
};

/**
 * What two spellings of one address have in common; accounts are unique by it. Of what is no address it gives something too, so
 * that a log-in with it takes as long as any other.
 */
export const addressKey = (text: string): string => (canonicalAddress(text) ?? text.trim()).toLowerCase();
