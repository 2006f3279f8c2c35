import type { Kysely } from 'kysely';
import { nobodysHash, verifyPassword } from './passwords.ts';
import { type Account, findByEmail } from './store/accounts.ts';
import { blockedUntil, countFailure, forgetFailures } from './store/log-in-failures.ts';
import type { Tables } from './store/tables.ts';
import { busy, type Turns } from './turns.ts';

export type LogIn =
  | { readonly kind: 'logged-in'; readonly account: Account }
  /** The address is unknown or the password wrong: nobody is told which, and both take the same time. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'too-many-failures'; readonly retryAfterMs: number }
  | { readonly kind: 'busy' };

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type CheckLogIn = (credentials: Credentials) => Promise<LogIn>;

/**
 * Checks credentials. The failures of an address are counted whether it is known or not; they are read and counted within
 * the turn, so that trying in parallel wins no more than the turns that run at one time.
 */
export const createLogIn = (
  db: Kysely<Tables>,
  turns: Turns,
  clock: () => Date = () => new Date(),
): CheckLogIn => {
  const stranger = nobodysHash();
  stranger.catch(() => undefined); // whoever awaits it is told

  const check = async ({ email, password }: Credentials): Promise<LogIn> => {
    const now = clock();
    const until = await blockedUntil(db, email, now);
    if (until !== undefined) {
      return { kind: 'too-many-failures', retryAfterMs: until.getTime() - now.getTime() };
    }
    const account = await findByEmail(db, email);
    const isRight = await verifyPassword(password, account?.password_hash ?? (await stranger));
    if (account !== undefined && isRight) {
      await forgetFailures(db, email);
      return { kind: 'logged-in', account };
    }
    await countFailure(db, email, clock());
    return { kind: 'refused' };
  };

  return async (credentials) => {
    const outcome = await turns.take(() => check(credentials));
    return outcome === busy ? { kind: 'busy' } : outcome;
  };
};
