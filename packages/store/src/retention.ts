import { type Log, messageOf } from '@emporium/bus';
import { type Kysely, sql, type Transaction } from 'kysely';
import { classify } from './database/errors.ts';

/** Rows of `table` whose `column` is older than `keepMs` are removed. */
export interface Retention {
  readonly table: string;
  readonly column: string;
  readonly keepMs: number;
}

const hour = 60 * 60 * 1_000;
const day = 24 * hour;

/**
 * A message that is delivered or replayed again within 30 days is recognised as handled or begun, a request with the same
 * idempotency key within 24 hours.
 */
export const messagingRetention: readonly Retention[] = [
  { table: 'inbox', column: 'handled_at', keepMs: 30 * day },
  { table: 'begun', column: 'begun_at', keepMs: 30 * day },
  { table: 'idempotency_key', column: 'created_at', keepMs: day },
];

const batchSize = 1_000;

/** Removes rows past their retention, in batches, so that no transaction is long. Returns the number of rows. */
export const retain = async <DB>(
  db: Kysely<DB>,
  { table, column, keepMs }: Retention,
  now: Date = new Date(),
): Promise<number> => {
  const before = new Date(now.getTime() - keepMs);
  let removed = 0;
  for (;;) {
    const rows = await db.transaction().execute(async (tx) => {
      await anyPlan(tx);
      const { numAffectedRows } = await sql`
        delete from ${sql.table(table)} where ctid = any(array(
          select ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before} limit ${batchSize}))`.execute(
        tx,
      );
      return Number(numAffectedRows ?? 0);
    });
    removed += rows;
    if (rows < batchSize) return removed;
  }
};

/** A sweep looks for a range, by an index of blocks or by none: not what the connections of a service are set for. */
const anyPlan = async <DB>(tx: Transaction<DB>): Promise<void> => {
  await sql`
    select set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true)`.execute(tx);
};

/** Every hour, the first time a minute after the start. */
export const startRetention = <DB>(
  db: Kysely<DB>,
  retentions: readonly Retention[],
  log: Log,
): { stop(): void } => {
  let stopped = false;
  const sweep = async () => {
    for (const retention of retentions) {
      if (stopped) return;
      try {
        const rows = await retain(db, retention);
        if (rows > 0) log.info({ table: retention.table, rows }, 'removed rows past their retention');
      } catch (error) {
        log.warn(
          { table: retention.table },
          `retention failed, retrying in an hour: ${messageOf(classify(error))}`,
        );
      }
    }
  };
  const first = setTimeout(sweep, 60_000).unref();
  const hourly = setInterval(sweep, hour).unref();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(first);
      clearInterval(hourly);
    },
  };
};
