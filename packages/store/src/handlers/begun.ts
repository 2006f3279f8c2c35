import { sql, type Transaction } from 'kysely';

/**
 * Records that the calls of these messages are about to begin, those that have an expiry, unless the subscription has handled
 * them; returns the ids of those that it has. In id order, as `recordHandled` does it.
 */
export const recordBegun = async <DB>(
  tx: Transaction<DB>,
  subscription: string,
  { ids, expiring }: { readonly ids: readonly string[]; readonly expiring: readonly string[] },
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ message_id: string }>`
    with handled as (
      select message_id from inbox
      where subscription = ${subscription} and message_id = any(${[...ids]}::text[])
    ), recorded as (
      insert into begun (subscription, message_id)
      select ${subscription}, id from unnest(${[...new Set(expiring)].sort()}::text[]) as id
      where id not in (select message_id from handled)
      on conflict do nothing)
    select message_id from handled`.execute(tx);
  return new Set(rows.map(({ message_id }) => message_id));
};

/** Of these messages, the ids of those whose calls the subscription has begun. */
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
