import type { Tx } from '@emporium/store';
import type { Kysely } from 'kysely';
import { emailErrors } from '../errors.ts';
import type { Tables } from './tables.ts';

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

/** Throws `email.recipient_unknown`, to be tried again, while `user.registered` has not come. */
export const recipientOf = async (db: Kysely<Tables>, userId: string): Promise<Recipient> => {
  const row = await db
    .selectFrom('recipient')
    .select(['email', 'name'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (row === undefined) throw emailErrors.recipient_unknown({ userId });
  return { userId, ...row };
};
