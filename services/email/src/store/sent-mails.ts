import type { Tx } from '@emporium/store';
import type { Insertable } from 'kysely';
import type { MailTable, Tables } from './tables.ts';

/** One event is one mail: a second sending of it, after a crash, is the same row. */
export const recordSent = async (tx: Tx<Tables>, mail: Insertable<MailTable>): Promise<void> => {
  await tx
    .insertInto('mail')
    .values(mail)
    .onConflict((conflict) => conflict.column('message_id').doNothing())
    .execute();
};
