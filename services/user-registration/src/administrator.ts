import type { LifecycleStage, Log } from '@emporium/service';
import type { Store } from '@emporium/store';
import { hashPassword, verifyPassword } from './passwords.ts';
import { findByEmail, register, update } from './store/accounts.ts';
import type { Tables } from './store/tables.ts';

export interface Administrator {
  readonly email: string;
  readonly password: string;
}

/**
 * Sees to it, before HTTP is served, that the administrator of the configuration has an account with that password: the
 * first one makes all others. Safe with instances that start together.
 */
export const administratorStep = (
  store: Store<Tables>,
  { email, password }: Administrator,
  log: Log,
): LifecycleStage => {
  const ensure = async (): Promise<undefined> => {
    const account = await findByEmail(store.db, email);
    if (account === undefined) {
      const passwordHash = await hashPassword(password);
      const outcome = await register(store, {
        email,
        name: 'Administrator',
        role: 'administrator',
        passwordHash,
      });
      if (outcome.kind === 'address-used') return ensure(); // another instance was faster
      log.info({ userId: outcome.account.user_id }, 'made the first administrator');
      return;
    }
    const isCurrent = await verifyPassword(password, account.password_hash);
    if (isCurrent && account.role === 'administrator') return;
    const hash = isCurrent ? account.password_hash : await hashPassword(password);
    await update(store.db, account.user_id, { role: 'administrator', password_hash: hash });
    log.info({ userId: account.user_id }, 'brought the administrator up to date');
  };
  return { name: 'first administrator', start: ensure };
};
