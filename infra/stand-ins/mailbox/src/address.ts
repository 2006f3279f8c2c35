import { domainToASCII } from 'node:url';

/** With the domain as it travels: `anna@xn--mnchen-3ya.de`. */
export const asciiDomain = (address: string): string => {
  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1));
  return at < 0 || domain === '' ? address : `${address.slice(0, at)}@${domain}`;
};

/** Under which a recipient is found, however the address is written. */
export const addressKey = (address: string): string => asciiDomain(address).toLowerCase();
