import { expect, test } from 'vitest';
import { newToken, tokenHashOf } from './token.ts';

test('tokens are 32 bytes that differ each time, in characters that a URL may contain', () => {
  const tokens = Array.from({ length: 100 }, newToken);
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) {
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  }
});

test('what is stored of a token is its SHA-256', () => {
  // FIPS 180-2, appendix B.1
  const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(tokenHashOf('abc')).toBe(Buffer.from(digest, 'hex').toString('base64url'));
});
