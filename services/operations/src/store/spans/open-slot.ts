import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import { keepMs, slotMs, slots } from './slots.ts';

/** The limits of all slots together. */
export interface SpanLimits {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export interface Dropped {
  /** Spans that were dropped before their hour was over, since there were too many. */
  readonly spans: number;
}

/** Whether another slot has to be opened. */
export const isFull = (
  { spans, bytes, openedAt }: { readonly spans: number; readonly bytes: number; readonly openedAt: Date },
  limits: SpanLimits,
  now: Date,
): boolean => {
  const ageMs = now.getTime() - openedAt.getTime();
  return (
    spans >= limits.maxSpans / slots.length ||
    bytes >= limits.maxBytes / slots.length ||
    // A clock that was set back by more than an hour would keep it open for as long.
    (spans > 0 && (ageMs >= slotMs || ageMs <= -keepMs))
  );
};

/**
 * Opens the next slot if the open one is full, and empties those whose hour is over. The slot that is opened is the oldest, and is emptied
 * first: what it held is dropped.
 */
export const openSlot = (db: Kysely<Tables>, limits: SpanLimits, now: Date): Promise<Dropped> =>
  db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = '2s'`.execute(tx);
    // One instance at a time decides; writers go on.
    await sql`select pg_advisory_xact_lock(hashtext('emporium.span_slot'))`.execute(tx);
    const all = await tx
      .selectFrom('span_slot')
      .selectAll()
      .orderBy('opened_as', sql`desc nulls last`)
      .execute();
    const opened = all.flatMap((row) =>
      row.opened_at === null ? [] : [{ ...row, openedAt: row.opened_at }],
    );
    const open = opened[0];
    for (const row of opened.slice(1)) {
      const isOver = row.closed_at !== null && now.getTime() - row.closed_at.getTime() >= keepMs;
      if (isOver && row.spans > 0) await empty(tx, row.slot);
    }
    if (open !== undefined && !isFull(open, limits, now)) return { spans: 0 };
    const next = open === undefined ? 0 : (open.slot + 1) % slots.length;
    const reused = opened.find(({ slot }) => slot === next);
    const isEarly =
      reused?.closed_at !== null &&
      reused?.closed_at !== undefined &&
      now.getTime() - reused.closed_at.getTime() < keepMs;
    await empty(tx, next);
    if (open !== undefined)
      await tx.updateTable('span_slot').set({ closed_at: now }).where('slot', '=', open.slot).execute();
    await tx
      .updateTable('span_slot')
      .set({ opened_at: now, closed_at: null, opened_as: (open?.opened_as ?? 0) + 1 })
      .where('slot', '=', next)
      .execute();
    return { spans: isEarly ? (reused?.spans ?? 0) : 0 };
  });

/** A crash of the server empties the unlogged slots, and not what counts their spans. */
export const recountSlots = async (db: Kysely<Tables>): Promise<void> => {
  for (const slot of slots)
    await sql`update span_slot set spans = 0, bytes = 0
      where slot = ${slot} and spans > 0 and not exists (select from ${sql.table(`span_${slot}`)})`.execute(
      db,
    );
};

const empty = async (tx: Kysely<Tables>, slot: number): Promise<void> => {
  await sql`truncate ${sql.table(`span_${slot}`)}, ${sql.table(`span_link_${slot}`)}`.execute(tx);
  await tx.updateTable('span_slot').set({ spans: 0, bytes: 0 }).where('slot', '=', slot).execute();
};
