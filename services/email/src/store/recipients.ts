import type { Tx } from '@emporium/store';
import type { Tables } from './tables.ts';

export interface Recipient {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

/** Inserts or updates the recipient, unless the stored row has a newer sequence. */
export const saveRecipient = async (
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
