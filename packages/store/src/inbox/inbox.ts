import { sql, type Transaction } from 'kysely';

/**
 * Records these messages as handled by the subscription, and returns the ids of those that were not: the others have had
 * their effect already. In id order, so that two transactions with the same messages wait instead of deadlocking.
 */
export const recordHandled = async <DB>(
  tx: Transaction<DB>,
  subscription: string,
  messageIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ message_id: string }>`
    insert into inbox (subscription, message_id)
    select ${subscription}, id from unnest(${[...new Set(messageIds)].sort()}::text[]) as id
    on conflict do nothing
    returning message_id`.execute(tx);
  return new Set(rows.map(({ message_id }) => message_id));
};
