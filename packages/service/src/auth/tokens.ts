import type { KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { problem } from '../http/problems/problem.ts';

export type Role = 'customer' | 'administrator';

/** Whom a token identifies. */
export interface User {
  readonly userId: string;
  readonly role: Role;
}

export interface TokenVerifier {
  /** Returns the user. Throws a 401 problem that says whether the token is invalid or expired. */
  verify(token: string): Promise<User>;
}

export interface TokenIssuer {
  /** Signs a JWT that is valid for `lifetimeSeconds` (one hour by default). */
  issue(user: User, lifetimeSeconds?: number): Promise<{ token: string; expiresAt: Date }>;
}

const algorithm = 'EdDSA';
const party = 'emporium'; // both issuer and audience: the shop issues tokens for itself
const maxTokenLength = 2_048;

const claims = z.object({
  sub: z.string().min(1).max(100),
  role: z.enum(['customer', 'administrator']),
  exp: z.number(),
});

/**
 * Checks signature, issuer, audience and expiry. Verified tokens are cached until they expire, at most `capacity` of them,
 * because the gateway and the service both verify the token of each request.
 */
export const createTokenVerifier = (
  publicKey: KeyObject,
  { capacity = 5_000, now = Date.now } = {},
): TokenVerifier => {
  const verified = new Map<string, { user: User; expiresAt: number }>();

  const check = async (token: string): Promise<User> => {
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: [algorithm],
      issuer: party,
      audience: party,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    });
    const { sub, role, exp } = claims.parse(payload);
    const user = { userId: sub, role };
    verified.set(token, { user, expiresAt: exp * 1_000 });
    const oldest = verified.size > capacity ? verified.keys().next().value : undefined;
    if (oldest !== undefined) verified.delete(oldest);
    return user;
  };

  return {
    async verify(token) {
      const cached = verified.get(token);
      if (cached !== undefined && now() < cached.expiresAt) return cached.user;
      verified.delete(token);
      if (token.length > maxTokenLength) throw invalidToken('The token is not valid.');
      try {
        return await check(token);
      } catch (cause) {
        if (cause instanceof errors.JWTExpired)
          throw invalidToken('The token has expired; log in again.', cause);
        if (cause instanceof errors.JOSEError || cause instanceof z.ZodError) {
          throw invalidToken('The token is not valid.', cause);
        }
        throw cause;
      }
    },
  };
};

/** For the service that owns the users: only it has the private key. */
export const createTokenIssuer = (privateKey: KeyObject, { now = Date.now } = {}): TokenIssuer => ({
  async issue({ userId, role }, lifetimeSeconds = 3_600) {
    const issuedAt = Math.floor(now() / 1_000);
    const expiresAt = issuedAt + lifetimeSeconds;
    const token = await new SignJWT({ role })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setSubject(userId)
      .setIssuer(party)
      .setAudience(party)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: new Date(expiresAt * 1_000) };
  },
});

const invalidToken = (detail: string, cause?: unknown) => problem(401, 'invalid-token', detail, { cause });
