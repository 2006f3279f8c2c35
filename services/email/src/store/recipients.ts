import type { Tx } from '@emporium/store';
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
