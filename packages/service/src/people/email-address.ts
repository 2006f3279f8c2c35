import { domainToASCII } from 'node:url';

/** RFC 5321, in octets. */
const maxLocalPart = 64;
const maxAddress = 254;

/** RFC 5322's dot-atom, the form without quotes. */
const localPart = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** A host with at least two labels, the last of which is not a number. */
const host = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** The characters of a domain in any script; `domainToASCII` tolerates and removes others. */
const domainCharacters = /^[\p{L}\p{M}\p{N}.\-\u3002\uff0e\uff61\u200c\u200d]+$/u;

/**
 * The stored form of an address: trimmed, with the domain in ASCII (IDNA) and lower case. The part before the @ is unchanged; see
 * `addressKey`. Undefined when the text is not an address.
 */
export const canonicalAddress = (text: string): string | undefined => {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1).normalize('NFC');
  if (at < 1 || local.length > maxLocalPart || !localPart.test(local)) return undefined;
  if (!domainCharacters.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  const canonical = `${local}@${ascii}`;
  return host.test(ascii) && canonical.length <= maxAddress ? canonical : undefined;
};

/**
 * The same for all spellings of an address; accounts are unique by it. Returns a key for invalid addresses too, so that a log-in
 * with one takes as long as any other.
 */
export const addressKey = (text: string): string => (canonicalAddress(text) ?? text.trim()).toLowerCase();
