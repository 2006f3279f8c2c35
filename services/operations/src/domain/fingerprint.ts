/** What differs between two failures for the same reason, with what stands in its place. In this order. */
const variables: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  // A quotation mark within a word is an apostrophe.
  [/(?<![\p{L}\p{N}])(["'`])(?:(?!\1)[^\\]|\\.)*\1(?![\p{L}\p{N}])|“[^”]*”|«[^»]*»/gu, '<text>'],
  [/[^\s@<>,;:()]+@[^\s@<>,;:()]+\.[^\s@<>,;:()]+/g, '<address>'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '<id>'],
  [/\b0x[0-9a-f]+\b/gi, '<id>'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '<id>'], // hexadecimal
  [/\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{16,}\b/gi, '<id>'], // letters and digits mixed, as in a ULID
  [/[-+]?\d+(?:[.,:]\d+)*/g, '<n>'],
  [/\s+/g, ' '],
];

/** Texts are cut at 500 characters, in places that depend on the length of the ids before. */
const maxCharacters = 200;

/**
 * The text of a failure without what differs from message to message: ids, numbers, positions, quoted values and e-mail
 * addresses. Failures for one reason have one fingerprint.
 */
export const fingerprintOf = (reason: string): string =>
  variables
    .reduce((text, [pattern, placeholder]) => text.replaceAll(pattern, placeholder), reason)
    .trim()
    .slice(0, maxCharacters)
    .toWellFormed();
