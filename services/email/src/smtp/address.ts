import { domainToASCII } from 'node:url';

/** RFC 5321: a dot-string or a quoted string of at most 64 characters. */
const localPart =
  /^(?=.{1,64}$)(?:[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*|"(?:[ !#-[\]-~]|\\[ -~])*")$/u;
const domainName = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

/** Converts the domain of an address to ASCII (`münchen.de` to `xn--mnchen-3ya.de`). The local part stays as it is. */
export const asciiDomain = (address: string): string => {
  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1));
  return at < 1 || domain === '' ? address : `${address.slice(0, at)}@${domain}`;
};

/** Trims and validates an address and converts its domain to ASCII. Returns undefined if it is invalid. */
export const parseAddress = (text: string): string | undefined => {
  const address = asciiDomain(text.trim());
  const at = address.lastIndexOf('@');
  return localPart.test(address.slice(0, at)) && domainName.test(address.slice(at + 1)) ? address : undefined;
};
