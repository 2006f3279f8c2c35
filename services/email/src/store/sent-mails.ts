import type { Insertable, Kysely } from 'kysely';
import type { MailTable, Tables } from './tables.ts';

/** One event is one mail: a second sending of it, after a crash, is the same row. */
export const recordSent = async (db: Kysely<Tables>, mail: Insertable<MailTable>): Promise<void> => {
  await db
    .insertInto('mail')
    .values(mail)
    .onConflict((conflict) => conflict.column('message_id').doNothing())
    .execute();
};

export const wasSent = async (db: Kysely<Tables>, messageId: string): Promise<boolean> => {
  const row = await db
    .selectFrom('mail')
    .select('message_id')
    .where('message_id', '=', messageId)
    .executeTakeFirst();
  return row !== undefined;
};

/** How many of each template. */
export const sentSince = (db: Kysely<Tables>, since: Date): Promise<{ template: string; mails: number }[]> =>
  db
    .selectFrom('mail')
    .select(({ fn }) => ['template', fn.countAll<number>().as('mails')])
    .where('sent_at', '>=', since)
    .groupBy('template')
    .orderBy('template')
    .execute();
