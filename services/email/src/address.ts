import { domainToASCII } from 'node:url';

/** RFC 5321: a dot-string or a quoted string, and a length that servers take. */
const localPart =
  /^(?=.{1,64}$)(?:[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*|"(?:[ !#-[\]-~]|\\[ -~])*")$/u;
const domainName = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

/** An address as SMTP takes it: the domain in ASCII (`münchen.de` is `xn--mnchen-3ya.de`), the local part as it is. */
export const asciiDomain = (address: string): string => {
  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1));
  return at < 1 || domain === '' ? address : `${address.slice(0, at)}@${domain}`;
};

/** The address in this text, with its domain in ASCII; undefined where it is none. Spaces around it do not matter. */
export const parseAddress = (text: string): string | undefined => {
  const address = asciiDomain(text.trim());
  const at = address.lastIndexOf('@');
  return localPart.test(address.slice(0, at)) && domainName.test(address.slice(at + 1)) ? address : undefined;
};
