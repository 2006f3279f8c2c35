import type { Kind, ServiceName } from '@emporium/contracts';
import { type Kysely, sql } from 'kysely';

/** A committed message that waits to be published. */
export interface OutboxRow {
  readonly id: number;
  readonly key: string;
  /** Rows with the same one are published one after the other: the key, and the subscription of a row that is for one alone. */
  readonly blocking_key: string;
  readonly message_id: string;
  readonly kind: Kind;
  readonly owner: ServiceName;
  readonly type: string;
  readonly body: Buffer;
  /** The one subscription that the message is for; null where it is for all. */
  readonly subscription: string | null;
}

/** A subscription that refuses what is for it alone must not block what is for all. */
const blockingKey = sql.raw(`coalesce(subscription || ' ', '') || key`);

/** The next rows of these partitions in id order, without those of the blocked keys, at most `limit`. */
export const nextRows = async <DB>(
  db: Kysely<DB>,
  partitions: readonly number[],
  blocked: readonly string[],
  limit: number,
): Promise<readonly OutboxRow[]> => {
  const { rows } = await sql<OutboxRow>`
    select id, key, ${blockingKey} as blocking_key, message_id, kind, owner, type, body, subscription from outbox
    where not_before is null and partition = any(${partitions}::smallint[]) and ${blockingKey} <> all(${blocked}::text[])
    order by id limit ${limit}`.execute(db);
  return rows;
};

/**
 * Deletes rows that the broker has confirmed. Does not wait for the server's disk: rows that a crash of the server brings back
 * are published again under the same ids.
 */
export const removeRows = async <DB>(db: Kysely<DB>, ids: readonly number[]): Promise<void> => {
  await sql`
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
    delete from outbox using relaxed where id = any(${ids}::bigint[])`.execute(db);
};

/** What waits to be published or enqueued. */
export interface Backlog {
  /** Counted up to a maximum. */
  readonly rows: number;
  /** Age of the oldest of them; 0 when nothing waits. */
  readonly oldestSeconds: number;
}

/** Scheduled messages that are not due do not count. Reads no more than `max` entries of an index, and one row. */
export const outboxBacklog = async <DB>(db: Kysely<DB>, max: number): Promise<Backlog> => {
  const { rows } = await sql<Backlog>`
    select (select count(*) from (select 1 from outbox where not_before is null limit ${max}) as waiting) as rows,
      coalesce((select greatest(0, extract(epoch from clock_timestamp() - ready_since)) from outbox
        where not_before is null order by id limit 1), 0)::float8 as "oldestSeconds"`.execute(db);
  return rows[0] ?? { rows: 0, oldestSeconds: 0 };
};

/**
 * Makes due scheduled messages publishable, except those that a transaction is cancelling right now. Returns the time at which
 * the next one is due, if there is one.
 */
export const releaseDue = async <DB>(
  db: Kysely<DB>,
  partitions: readonly number[],
  now: Date,
): Promise<Date | undefined> => {
  const { rows } = await sql<{ next: Date | null }>`
    with due as materialized (
      select id from outbox
      where not_before <= ${now}::timestamptz and partition = any(${partitions}::smallint[])
      for update skip locked),
    released as (
      update outbox set ready_since = not_before, not_before = null where id = any(array(select id from due)))
    select min(not_before) as next from outbox
    where not_before > ${now}::timestamptz and partition = any(${partitions}::smallint[])`.execute(db);
  return rows[0]?.next ?? undefined;
};
