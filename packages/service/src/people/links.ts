/**
 * Whether a mail client might turn a part of the text into a link: a URL, a host with a path, an e-mail address, or a bare
 * domain. "St.John" and "J.R.R. Tolkien" are names.
 */
export const looksLikeLink = (text: string): boolean => {
  const plain = text
    .normalize('NFKC')
    .replace(/[\u3002\uff61]/g, '.') // other dots that separate labels (UTS 46)
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
  /[\p{L}\p{N}]\.\p{L}{2,}[/?#:]/u, // a host, followed by more of a URL
  /[\p{L}\p{N}-]\.(?:\p{Ll}{2,}|\p{Lu}{2,})(?!\p{L})/u, // a label in one case, as in hosts and unlike names
  new RegExp(`[\\p{L}\\p{N}-]\\.(?:${commonTopLevel})(?!\\p{L})`, 'iu'),
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/,
];
