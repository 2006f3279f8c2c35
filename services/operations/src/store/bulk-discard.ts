import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { available, type Selection } from './selection.ts';
import type { Tables } from './tables.ts';

export interface DiscardOptions {
  readonly userId: string;
  readonly reason: string;
  /** The maximum to discard in this transaction. */
  readonly limit: number;
}

/** Discards the oldest of a selection that are not being replayed. Returns their ids. */
export const discardBatch = async (
  tx: Tx<Tables>,
  selection: Selection,
  { userId, reason, limit }: DiscardOptions,
  now: Date,
): Promise<readonly string[]> => {
  const rows = await available(tx, selection, now).select('id').limit(limit).execute();
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  await tx
    .updateTable('dead_letter')
    .set({ status: 'discarded', resolved_at: now, claimed_until: null, claimed_by: null })
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  await sql`
    insert into dead_letter_step (id, dead_letter_id, kind, at, user_id, reason)
    select step, dead_letter, 'discarded', ${now}::timestamptz, ${userId}::text, ${reason}::text
    from unnest(${ids.map(() => uuid())}::text[], ${ids}::text[]) as discarded (step, dead_letter)`.execute(
    tx,
  );
  return ids;
};
