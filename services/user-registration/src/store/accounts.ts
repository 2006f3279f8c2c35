import { emit } from '@emporium/bus';
import { userRegistered } from '@emporium/contracts';
import { addressKey, type Role } from '@emporium/service';
import { type Store, violates } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { AccountTable, Tables } from './tables.ts';

export type Account = Selectable<AccountTable>;

export interface NewAccount {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
}

export type Registration =
  | { readonly kind: 'registered'; readonly account: Account }
  | { readonly kind: 'address-used' };

/** Inserts the account and publishes `user.registered` in one transaction. Of concurrent calls for one address one succeeds. */
export const register = async (store: Store<Tables>, given: NewAccount): Promise<Registration> => {
  const { email, name, role, passwordHash } = given;
  try {
    const account = await store.transaction(async ({ tx, now, effects }) => {
      const row = { user_id: uuid(), email, name, role, password_hash: passwordHash, created_at: now };
      await tx.insertInto('account').values(row).execute();
      effects.push(emit(userRegistered, { userId: row.user_id, email, name }, { sequence: 1 }));
      return row;
    });
    return { kind: 'registered', account };
  } catch (error) {
    if (violates(error, 'account_email')) return { kind: 'address-used' };
    throw error;
  }
};

export const findByEmail = (db: Kysely<Tables>, email: string): Promise<Account | undefined> =>
  db.selectFrom('account').selectAll().where(sql`lower(email)`, '=', addressKey(email)).executeTakeFirst();

export const findById = (db: Kysely<Tables>, userId: string): Promise<Account | undefined> =>
  db.selectFrom('account').selectAll().where('user_id', '=', userId).executeTakeFirst();

export const update = async (
  db: Kysely<Tables>,
  userId: string,
  changes: { role: Role; password_hash: string },
): Promise<void> => {
  await db.updateTable('account').set(changes).where('user_id', '=', userId).execute();
};
