/**
 * Whether a mail program might make a link of some part of a text: something with a scheme, a host with a path, an e-mail
 * address, or a bare domain. "St.John" and "J.R.R. Tolkien" are names.
 */
export const looksLikeLink = (text: string): boolean => {
  const plain = text
    .normalize('NFKC')
    .replace(/[\u3002\uff61]/g, '.') // also dots between labels (UTS 46)
    .replace(/\s*[[({]\s*(?:\.|dot)\s*[\])}]\s*/gi, '.');
  return patterns.some((pattern) => pattern.test(plain));
};

const commonTopLevel =
  'com|net|org|info|biz|io|co|me|ru|cn|xyz|top|shop|site|online|app|dev|link|click|live|club|store|example|test';

const patterns: readonly RegExp[] = [
  /:\/\/|^\/\/|\s\/\//,
  /\b(?:https?|hxxps?|ftp|mailto|javascript|data|tel|sms|file|whatsapp)\s*:/i,
  /\bwww\d?\./i,
  /@[\p{L}\p{N}]/u,
  /[\p{L}\p{N}]\.\p{L}{2,}[/?#:]/u, // a host, and more of an address
  /[\p{L}\p{N}-]\.(?:\p{Ll}{2,}|\p{Lu}{2,})(?!\p{L})/u, // written as hosts are, and not as names are
  new RegExp(`[\\p{L}\\p{N}-]\\.(?:${commonTopLevel})(?!\\p{L})`, 'iu'),
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/,
];
