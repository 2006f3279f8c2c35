import { type Insertable, type Kysely, sql } from 'kysely';
import type { MailTable, Tables } from './tables.ts';

/** One event is one mail: a second sending of it, after a crash, is the same row. */
export const recordSent = async (
  db: Kysely<Tables>,
  mails: readonly Insertable<MailTable>[],
): Promise<void> => {
  await sql`
    insert into mail (message_id, event_id, template, user_id, sent_at)
    select * from unnest(
      ${mails.map((mail) => mail.message_id)}::text[],
      ${mails.map((mail) => mail.event_id)}::text[],
      ${mails.map((mail) => mail.template)}::text[],
      ${mails.map((mail) => mail.user_id)}::text[],
      ${mails.map((mail) => mail.sent_at)}::timestamptz[]
    ) on conflict (message_id) do nothing`.execute(db);
};

/** Those of these that were sent. */
export const alreadySent = async (
  db: Kysely<Tables>,
  messageIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ message_id: string }>`
    select message_id from mail where message_id = any(${messageIds}::text[])`.execute(db);
  return new Set(rows.map(({ message_id }) => message_id));
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
