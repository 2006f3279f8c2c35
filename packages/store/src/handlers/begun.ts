import { sql, type Transaction } from 'kysely';

/** Records that the outside is about to be asked for these messages, in time. In id order, as `recordHandled` does it. */
export const recordBegun = async <DB>(
  tx: Transaction<DB>,
  subscription: string,
  messageIds: readonly string[],
): Promise<void> => {
  if (messageIds.length === 0) return;
  await sql`
    insert into begun (subscription, message_id)
    select ${subscription}, id from unnest(${[...new Set(messageIds)].sort()}::text[]) as id
    on conflict do nothing`.execute(tx);
};

/** Of these messages, the ids of those that the subscription has begun outside. */
export const alreadyBegun = async <DB>(
  tx: Transaction<DB>,
  subscription: string,
  messageIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (messageIds.length === 0) return new Set();
  const { rows } = await sql<{ message_id: string }>`
    select message_id from begun
    where subscription = ${subscription} and message_id = any(${[...messageIds]}::text[])`.execute(tx);
  return new Set(rows.map(({ message_id }) => message_id));
};
