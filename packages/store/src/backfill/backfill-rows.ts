import { type Kysely, sql } from 'kysely';
import type { Tx } from '../database/transaction.ts';

/** A backfill as its row has it. */
export interface BackfillRow {
  readonly subscription: string;
  readonly requested_at: Date;
  /** Of the last item that is in the outbox; null at the beginning. */
  readonly position: string | null;
  readonly until: string;
  readonly total: number;
  readonly done: number;
  readonly messages: number;
  readonly finished_at: Date | null;
}

const columns = sql`subscription, requested_at, position, until, total, done, messages, finished_at`;

export const findBackfill = async <DB>(
  db: Kysely<DB>,
  subscription: string,
): Promise<BackfillRow | undefined> => {
  const { rows } = await sql<BackfillRow>`
    select ${columns} from backfill where subscription = ${subscription}`.execute(db);
  return rows[0];
};

/** Begins a backfill, from the start where an earlier one is finished. One that is running is left as it is. */
export const beginBackfill = async <DB>(
  tx: Tx<DB>,
  row: Pick<BackfillRow, 'subscription' | 'requested_at' | 'until' | 'total'> & { readonly by: string },
): Promise<void> => {
  const finishedAt = row.total === 0 ? row.requested_at : null;
  await sql`
    insert into backfill (subscription, requested_by, requested_at, until, total, finished_at)
    values (${row.subscription}, ${row.by}, ${row.requested_at}, ${row.until}, ${row.total}, ${finishedAt}::timestamptz)
    on conflict (subscription) do update set
      requested_by = excluded.requested_by, requested_at = excluded.requested_at, until = excluded.until,
      total = excluded.total, finished_at = excluded.finished_at, position = null, done = 0, messages = 0
    where backfill.finished_at is not null`.execute(tx);
};

/** The oldest backfill that is not finished, locked; undefined when there is none that no other instance has locked. */
export const lockBackfill = async <DB>(tx: Tx<DB>): Promise<BackfillRow | undefined> => {
  const { rows } = await sql<BackfillRow>`
    select ${columns} from backfill where finished_at is null
    order by requested_at limit 1 for update skip locked`.execute(tx);
  return rows[0];
};

export const advanceBackfill = async <DB>(
  tx: Tx<DB>,
  subscription: string,
  { position, items, messages }: { position: string; items: number; messages: number },
): Promise<void> => {
  await sql`
    update backfill set position = ${position}, done = done + ${items}, messages = messages + ${messages}
    where subscription = ${subscription}`.execute(tx);
};

export const finishBackfill = async <DB>(tx: Tx<DB>, subscription: string, now: Date): Promise<void> => {
  await sql`update backfill set finished_at = ${now} where subscription = ${subscription}`.execute(tx);
};
