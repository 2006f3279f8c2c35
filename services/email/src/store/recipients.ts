import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { RecipientTable, Tables } from './tables.ts';

/** Who a mail goes to. */
export interface Recipient {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

/** Keeps the newest of what is known of a user. */
export const keepRecipient = async (
  tx: Tx<Tables>,
  { userId, email, name }: Recipient,
  sequence: number,
): Promise<void> => {
  await tx
    .insertInto('recipient')
    .values({ user_id: userId, email, name, sequence })
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .doUpdateSet({ email, name, sequence })
        .where('recipient.sequence', '<', sequence),
    )
    .execute();
};

/** By user; those who are not known yet are missing. */
export const recipientsOf = async (
  db: Kysely<Tables>,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Recipient>> => {
  const { rows } = await sql<Pick<RecipientTable, 'user_id' | 'email' | 'name'>>`
    select user_id, email, name from recipient where user_id = any(${userIds}::text[])`.execute(db);
  return new Map(rows.map(({ user_id: userId, email, name }) => [userId, { userId, email, name }]));
};
