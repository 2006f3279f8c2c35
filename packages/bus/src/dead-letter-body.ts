import { maxBodyBytes, truncatedBodyBytes } from './transport.ts';

/**
 * What a dead letter keeps of a body: all of it up to `maxBodyBytes`, else its first `truncatedBodyBytes` and the size it had,
 * in bytes. Every transport sets messages aside with this, so that none is too big to be set aside.
 */
export const deadLetterBody = (
  body: Uint8Array,
): { readonly body: Uint8Array; readonly truncatedFrom?: number } =>
  body.byteLength <= maxBodyBytes
    ? { body }
    : { body: body.slice(0, truncatedBodyBytes), truncatedFrom: body.byteLength };
