import type { Tx } from '@emporium/store';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { RequestedMailTable, Tables } from './tables.ts';

export type RequestedMail = Selectable<RequestedMailTable>;

/** For mails that are sent however late: longer than the inbox recognises a repeated message. */
export const keepMs = 90 * 24 * 60 * 60 * 1_000;

/** Whether the request is new. */
export const addRequest = async (
  tx: Tx<Tables>,
  request: Omit<Insertable<RequestedMailTable>, 'ended_at'>,
): Promise<boolean> => {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('requested_mail')
    .values({ ...request, ended_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
};

/** Undefined when it has ended, or was never made. */
export const findOpenRequest = (db: Kysely<Tables>, requestId: string): Promise<RequestedMail | undefined> =>
  db
    .selectFrom('requested_mail')
    .selectAll()
    .where('request_id', '=', requestId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();

/** Removes address and link. Of concurrent calls for one request one returns true. */
export const endRequest = async (tx: Tx<Tables>, requestId: string, now: Date): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('requested_mail')
    .set({ ended_at: now, email: null, url: null })
    .where('request_id', '=', requestId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};
