import { emit } from '@emporium/bus';
import { userRegistered } from '@emporium/contracts';
import { addressKey, type Role } from '@emporium/service';
import type { Store, Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { AccountTable, Tables } from './tables.ts';

export type Account = Selectable<AccountTable>;

export interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** Null for an account whose password is set later, with a link. */
  readonly passwordHash: string | null;
}

export type Registration =
  | { readonly kind: 'registered'; readonly account: Account }
  | { readonly kind: 'address-used' };

/** Inserts the account and publishes `user.registered` in one transaction. Of concurrent calls for one address one succeeds. */
export const register = (store: Store<Tables>, given: NewAccount): Promise<Registration> =>
  store.transaction(async ({ tx, now, effects }) => {
    const account = await insertAccount(tx, given, now);
    if (account === undefined) return { kind: 'address-used' };
    effects.push(registeredEvent(account));
    return { kind: 'registered', account };
  });

/** Undefined when the address has an account. */
export const insertAccount = (
  tx: Tx<Tables>,
  { email, name, role, passwordHash }: NewAccount,
  now: Date,
): Promise<Account | undefined> =>
  tx
    .insertInto('account')
    .values({ user_id: uuid(), email, name, role, password_hash: passwordHash, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();

export const registeredEvent = ({ user_id: userId, email, name }: Account) =>
  emit(userRegistered, { userId, email, name }, { sequence: 1 });

export const findByEmail = (db: Kysely<Tables>, email: string): Promise<Account | undefined> =>
  db.selectFrom('account').selectAll().where(sql`lower(email)`, '=', addressKey(email)).executeTakeFirst();

export const findById = (db: Kysely<Tables>, userId: string): Promise<Account | undefined> =>
  db.selectFrom('account').selectAll().where('user_id', '=', userId).executeTakeFirst();

/** Locks the account until the end of the transaction. */
export const lockById = (tx: Tx<Tables>, userId: string): Promise<Account | undefined> =>
  tx.selectFrom('account').selectAll().where('user_id', '=', userId).forUpdate().executeTakeFirst();

export const update = async (
  db: Kysely<Tables>,
  userId: string,
  changes: { role?: Role; password_hash: string },
): Promise<void> => {
  await db.updateTable('account').set(changes).where('user_id', '=', userId).execute();
};
