import { maxBodyBytes, truncatedBodyBytes } from '../../transport.ts';

/**
 * The body of a dead letter: unchanged up to `maxBodyBytes`, else its first `truncatedBodyBytes`, and the size that it had in
 * bytes. Every transport dead-letters with it, so that no message is too big for that.
 */
export const deadLetterBody = (
  body: Uint8Array,
): { readonly body: Uint8Array; readonly truncatedFrom?: number } =>
  body.byteLength <= maxBodyBytes
    ? { body }
    : { body: body.slice(0, truncatedBodyBytes), truncatedFrom: body.byteLength };
