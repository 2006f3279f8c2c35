import { emit } from '@emporium/bus';
import { passwordChanged } from '@emporium/contracts';
import type { Store } from '@emporium/store';
import { busy, type ConcurrencyLimiter } from '../concurrency-limiter.ts';
import { hashPassword } from '../passwords.ts';
import { lockById, update } from '../store/accounts.ts';
import { resetFailures } from '../store/log-in-failures.ts';
import { endLinks, findLiveLink } from '../store/password-links.ts';
import type { Tables } from '../store/tables.ts';
import { tokenHashOf } from './token.ts';

export interface NewPassword {
  /** Of the link. */
  readonly token: string;
  readonly password: string;
}

/** `invalid-link`: there is no such token, or it was used, replaced, or has expired. */
export type SetPasswordOutcome = 'set' | 'invalid-link' | 'busy';

export type SetPassword = (given: NewPassword) => Promise<SetPasswordOutcome>;

export interface SetPasswordOptions {
  readonly store: Store<Tables>;
  readonly hashing: ConcurrencyLimiter;
  readonly clock?: () => Date;
}

/** Sets the password of a link's account, and ends its links. Of concurrent uses of one link one succeeds. */
export const createSetPassword =
  ({ store, hashing, clock = () => new Date() }: SetPasswordOptions): SetPassword =>
  async ({ token, password }) => {
    const tokenHash = tokenHashOf(token);
    const link = await findLiveLink(store.db, tokenHash, clock()); // first, so that invalid tokens cost no hash
    if (link === undefined) return 'invalid-link';
    const passwordHash = await hashing.run(() => hashPassword(password));
    if (passwordHash === busy) return 'busy';
    return store.transaction(async ({ tx, effects }) => {
      const account = await lockById(tx, link.user_id);
      const now = clock();
      if (account?.role !== 'customer') return 'invalid-link';
      if ((await findLiveLink(tx, tokenHash, now)) === undefined) return 'invalid-link';
      await endLinks(tx, account.user_id, now);
      await update(tx, account.user_id, { password_hash: passwordHash });
      await resetFailures(tx, account.email);
      effects.push(emit(passwordChanged, { userId: account.user_id }));
      return 'set';
    });
  };
