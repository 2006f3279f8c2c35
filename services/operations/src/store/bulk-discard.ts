import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { type DeadLetterFilter, matching } from './dead-letters.ts';
import { isAvailable } from './resolve.ts';
import type { Tables } from './tables.ts';

export interface DiscardFilter extends Omit<DeadLetterFilter, 'status'> {
  /** Selects those that last failed before this time. */
  readonly failedBefore?: Date | undefined;
  /** Selects those that were last opened before this time, by our clock. */
  readonly openedBefore: Date;
}

export interface DiscardOptions {
  readonly userId: string;
  readonly reason: string;
  /** The maximum to discard in this transaction. */
  readonly limit: number;
}

/** Discards the oldest open dead letters that match and are not being replayed. Returns how many were discarded. */
export const discardBatch = async (
  tx: Tx<Tables>,
  filter: DiscardFilter,
  { userId, reason, limit }: DiscardOptions,
  now: Date,
): Promise<number> => {
  const { failedBefore, openedBefore } = filter;
  const rows = await matching(tx, { ...filter, status: 'open' })
    .select('id')
    .where(isAvailable(now))
    .where('opened_at', '<', openedBefore)
    .$if(failedBefore !== undefined, (query) => query.where('failed_at', '<', failedBefore ?? now))
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await tx
    .updateTable('dead_letter')
    .set({ status: 'discarded', resolved_at: now, claimed_until: null })
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  await sql`
    insert into dead_letter_step (id, dead_letter_id, kind, at, user_id, reason)
    select step, dead_letter, 'discarded', ${now}::timestamptz, ${userId}::text, ${reason}::text
    from unnest(${ids.map(() => uuid())}::text[], ${ids}::text[]) as discarded (step, dead_letter)`.execute(
    tx,
  );
  return ids.length;
};
