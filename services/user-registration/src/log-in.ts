import type { Kysely } from 'kysely';
import { busy, type ConcurrencyLimiter } from './concurrency-limiter.ts';
import { dummyHash, verifyPassword } from './passwords.ts';
import { type Account, findByEmail } from './store/accounts.ts';
import { blockedUntil, countFailure, resetFailures } from './store/log-in-failures.ts';
import type { Tables } from './store/tables.ts';

export type LogInOutcome =
  | { readonly kind: 'logged-in'; readonly account: Account }
  /** The address is unknown, has no password yet, or the password is wrong. Neither the answer nor its time tells which. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'too-many-failures'; readonly retryAfterMs: number }
  | { readonly kind: 'busy' };

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type CheckLogIn = (credentials: Credentials) => Promise<LogInOutcome>;

/**
 * Checks credentials. Failures are counted for known and unknown addresses. They are read and counted while the limiter's slot
 * is taken, so that parallel attempts exceed the limit by no more than the concurrency.
 */
export const createLogIn = (
  db: Kysely<Tables>,
  hashing: ConcurrencyLimiter,
  clock: () => Date = () => new Date(),
): CheckLogIn => {
  const dummy = dummyHash();
  dummy.catch(() => undefined); // a rejection is handled where it is awaited

  const check = async ({ email, password }: Credentials): Promise<LogInOutcome> => {
    const now = clock();
    const until = await blockedUntil(db, email, now);
    if (until !== undefined) {
      return { kind: 'too-many-failures', retryAfterMs: until.getTime() - now.getTime() };
    }
    const account = await findByEmail(db, email);
    const isCorrect = await verifyPassword(password, account?.password_hash ?? (await dummy));
    if (account !== undefined && account.password_hash !== null && isCorrect) {
      await resetFailures(db, email);
      return { kind: 'logged-in', account };
    }
    await countFailure(db, email, clock());
    return { kind: 'refused' };
  };

  return async (credentials) => {
    const outcome = await hashing.run(() => check(credentials));
    return outcome === busy ? { kind: 'busy' } : outcome;
  };
};
