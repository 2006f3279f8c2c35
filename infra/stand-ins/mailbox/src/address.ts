import { domainToASCII } from 'node:url';

/** Converts the domain to ASCII: `anna@xn--mnchen-3ya.de`. */
export const asciiDomain = (address: string): string => {
  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1));
  return at < 0 || domain === '' ? address : `${address.slice(0, at)}@${domain}`;
};

/** The normalised form that addresses are compared in. */
export const addressKey = (address: string): string => asciiDomain(address).toLowerCase();
