import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { free, type LetterFilter, matching } from './dead-letters.ts';
import type { Tables } from './tables.ts';

export interface DiscardFilter extends Omit<LetterFilter, 'status'> {
  /** Those whose last death was before this. */
  readonly failedBefore?: Date | undefined;
  /** Those that became open before this, by our clock. */
  readonly openedBefore: Date;
}

export interface Discarding {
  readonly userId: string;
  readonly reason: string;
  /** How many at most: a transaction stays short. */
  readonly limit: number;
}

/** Discards open letters that nobody is replaying, the oldest first. Gives how many. */
export const discardMatching = async (
  tx: Tx<Tables>,
  filter: DiscardFilter,
  { userId, reason, limit }: Discarding,
  now: Date,
): Promise<number> => {
  const { failedBefore, openedBefore } = filter;
  const letters = await matching(tx, { ...filter, status: 'open' })
    .select('id')
    .where(free(now))
    .where('opened_at', '<', openedBefore)
    .$if(failedBefore !== undefined, (query) => query.where('failed_at', '<', failedBefore ?? now))
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  if (letters.length === 0) return 0;
  const ids = letters.map(({ id }) => id);
  await tx
    .updateTable('dead_letter')
    .set({ status: 'discarded', resolved_at: now, claimed_until: null })
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  await sql`
    insert into dead_letter_step (id, dead_letter_id, kind, at, user_id, reason)
    select step, letter, 'discarded', ${now}::timestamptz, ${userId}::text, ${reason}::text
    from unnest(${ids.map(() => uuid())}::text[], ${ids}::text[]) as discarded (step, letter)`.execute(tx);
  return ids.length;
};
