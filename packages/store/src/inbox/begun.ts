import { sql, type Transaction } from 'kysely';

/**
 * Records which calls are about to begin: those of `inTime`, the messages that have an expiry and are not past it, unless the
 * subscription has handled them. Returns the ids, of all these messages, that it has handled. In id order, as `recordHandled`.
 */
export const recordBegun = async <DB>(
  tx: Transaction<DB>,
  subscription: string,
  { ids, inTime }: { readonly ids: readonly string[]; readonly inTime: readonly string[] },
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ message_id: string }>`
    with handled as (
      select message_id from inbox
      where subscription = ${subscription} and message_id = any(${[...ids]}::text[])
    ), recorded as (
      insert into begun (subscription, message_id)
      select ${subscription}, id from unnest(${[...new Set(inTime)].sort()}::text[]) as id
      where id not in (select message_id from handled)
      on conflict do nothing)
    select message_id from handled`.execute(tx);
  return new Set(rows.map(({ message_id }) => message_id));
};

/** Returns the ids of those messages whose call was begun before. */
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
