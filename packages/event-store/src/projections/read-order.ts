import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { type EventRow, eventColumns } from '../event-store.ts';

/** A place in the order in which projections read events: by transaction, then by position. */
export interface Position {
  /** An xid8, in decimal. */
  readonly transaction: string;
  readonly position: number;
}

export const beginning: Position = { transaction: '0', position: 0 };

export const isBefore = (one: Position, other: Position): boolean => {
  const [left, right] = [BigInt(one.transaction), BigInt(other.transaction)];
  return left < right || (left === right && one.position < other.position);
};

/** The row of an event, with its place in the read order. */
export type ReadRow = EventRow & Position;

/** The next events that no running transaction precedes, so that no late commit is skipped. */
export const readAfter = async <DB>(
  db: Kysely<DB>,
  { transaction, position }: Position,
  limit: number,
): Promise<ReadRow[]> => {
  const { rows } = await sql<ReadRow>`
    select ${eventColumns}, transaction::text as transaction, position from event
    where (transaction, position) > (${transaction}::xid8, ${position})
      and transaction < pg_snapshot_xmin(pg_current_snapshot())
    order by event.transaction, event.position limit ${limit}`.execute(db);
  return rows;
};

/** Whether there are events that cannot be read yet. Without the order the planner reads the whole table from its start. */
export const hasMoreAfter = async <DB>(
  db: Kysely<DB>,
  { transaction, position }: Position,
): Promise<boolean> => {
  const { rows } = await sql`
    select from event where (transaction, position) > (${transaction}::xid8, ${position})
    order by transaction, position limit 1`.execute(db);
  return rows.length > 0;
};

/** How far something is behind the newest committed event. */
export interface Lag {
  /** Committed events that it has not applied, counted up to a maximum. */
  readonly events: number;
  /** The age of the oldest of them. */
  readonly seconds: number;
}

export const lagAfter = async <DB>(
  db: Kysely<DB>,
  { transaction, position }: Position,
  max: number,
): Promise<Lag> => {
  const { rows } = await sql<Lag>`
    select count(*) as events,
      coalesce(greatest(0, extract(epoch from clock_timestamp() - min(at))), 0)::float8 as seconds
    from (
      select at from event where (transaction, position) > (${transaction}::xid8, ${position})
      order by transaction, position limit ${max}
    ) as waiting`.execute(db);
  return rows[0] ?? { events: 0, seconds: 0 };
};
