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
 * Creates or updates the account of the administrator in the configuration before HTTP is served. Safe when several instances
 * start at the same time.
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
      if (outcome.kind === 'address-used') return ensure(); // another instance has created it
      log.info({ userId: outcome.account.user_id }, 'created the administrator');
      return;
    }
    const { password_hash: stored } = account;
    const isCurrent = stored !== null && (await verifyPassword(password, stored));
    if (isCurrent && account.role === 'administrator') return;
    const hash = isCurrent ? stored : await hashPassword(password);
    await update(store.db, account.user_id, { role: 'administrator', password_hash: hash });
    log.info({ userId: account.user_id }, 'updated the administrator');
  };
  return { name: 'first administrator', start: ensure };
};
