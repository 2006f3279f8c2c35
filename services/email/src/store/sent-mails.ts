import { type Insertable, type Kysely, sql } from 'kysely';
import type { Recipient } from './recipients.ts';
import type { MailTable, Tables } from './tables.ts';

/** A mail that is sent a second time, after a crash, keeps its first row. */
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

export const wasSent = async (db: Kysely<Tables>, messageId: string): Promise<boolean> => {
  const row = await db
    .selectFrom('mail')
    .select('message_id')
    .where('message_id', '=', messageId)
    .executeTakeFirst();
  return row !== undefined;
};

export interface MailLookup {
  readonly wasSent: boolean;
  /** Undefined until `user.registered` has arrived. */
  readonly recipient: Recipient | undefined;
}

/** Returns one result per mail, in order. */
export const lookUpMails = async (
  db: Kysely<Tables>,
  mails: readonly { readonly messageId: string; readonly userId: string }[],
): Promise<MailLookup[]> => {
  const { rows } = await sql<{ sent: boolean; user_id: string; email: string | null; name: string | null }>`
    select message_id is not null as sent, due.user_id, email, name
    from unnest(
      ${mails.map(({ messageId }) => messageId)}::text[],
      ${mails.map(({ userId }) => userId)}::text[]
    ) with ordinality as due (mail, user_id, place)
    left join lateral (select message_id from mail where message_id = due.mail limit 1) as sent on true
    left join lateral (select email, name from recipient where user_id = due.user_id limit 1) as known on true
    order by place`.execute(db);
  return rows.map(({ sent: wasSent, user_id: userId, email, name }) => ({
    wasSent,
    recipient: email === null || name === null ? undefined : { userId, email, name },
  }));
};

/** The number of mails sent per template, from `since` (inclusive) to `until` (exclusive). */
export const countSentBetween = (
  db: Kysely<Tables>,
  since: Date,
  until: Date,
): Promise<{ template: string; mails: number }[]> =>
  db
    .selectFrom('mail')
    .select(({ fn }) => ['template', fn.countAll<number>().as('mails')])
    .where('sent_at', '>=', since)
    .where('sent_at', '<', until)
    .groupBy('template')
    .orderBy('template')
    .execute();
