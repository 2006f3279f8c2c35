import { createHash, randomBytes } from 'node:crypto';

/** A new token: 32 random bytes, as 43 characters that a URL may contain. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** What is stored of a token. It needs no salt and no slow hash: nobody can guess 32 random bytes. */
export const tokenHashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
