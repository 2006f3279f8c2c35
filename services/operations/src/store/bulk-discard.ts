import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { available, type Selection, selected, upToLocked } from './selection.ts';
import type { Tables } from './tables.ts';

export interface DiscardOptions {
  readonly userId: string;
  readonly reason: string;
  /** The maximum to discard in this transaction. */
  readonly limit: number;
  /** Whether to skip those that are locked, by a replay for example, or to end before the first of them. */
  readonly ifLocked: 'skip' | 'end';
}

export interface Discarded {
  readonly ids: readonly string[];
  /** The one before which it ended. */
  readonly locked: string | undefined;
}

/** Discards the oldest of a selection. */
export const discardBatch = async (
  tx: Tx<Tables>,
  selection: Selection,
  options: DiscardOptions,
  now: Date,
): Promise<Discarded> => {
  const { userId, reason } = options;
  const { ids, locked } = await nextDiscardable(tx, selection, options, now);
  if (ids.length === 0) return { ids, locked };
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
  return { ids, locked };
};

const nextDiscardable = async (
  tx: Tx<Tables>,
  selection: Selection,
  { limit, ifLocked }: DiscardOptions,
  now: Date,
): Promise<Discarded> => {
  const next = ifLocked === 'end' ? await selected(tx, selection).select('id').limit(limit).execute() : [];
  const found = await available(tx, selection, now).select('id').limit(limit).execute();
  const { rows, locked } =
    ifLocked === 'end'
      ? upToLocked(
          next.map(({ id }) => id),
          found,
        )
      : { rows: found, locked: undefined };
  return { ids: rows.map(({ id }) => id), locked };
};
