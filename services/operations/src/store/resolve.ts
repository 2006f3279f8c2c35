import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { HistoryEntry, StoredDeadLetter } from './dead-letters.ts';
import type { Tables } from './tables.ts';

/** The lock of a process that crashed expires after this time. */
export const lockMs = 60_000;

/** Open, and not locked for a replay by another than `claimant`. */
export const isAvailable = (now: Date, claimant?: string) =>
  sql<boolean>`status = 'open' and (claimed_until is null or claimed_until <= ${now} or claimed_by = ${claimant ?? null}::text)`;

type Failed = Pick<StoredDeadLetter, 'id' | 'times'>;

/**
 * Locks dead letters for a replay by `claimant`. Returns the ids of those that were available, and have not failed again since
 * they were read.
 */
export const lockForReplay = async (
  tx: Tx<Tables>,
  deadLetters: readonly Failed[],
  claimant: string,
  now: Date,
): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ id: string }>`
    update dead_letter as letter
    set claimed_until = ${new Date(now.getTime() + lockMs)}::timestamptz, claimed_by = ${claimant}::text
    from ${failures(deadLetters)}
    where letter.id = failed.id and letter.times = failed.times and ${isAvailable(now, claimant)}
    returning letter.id`.execute(tx);
  return new Set(rows.map(({ id }) => id));
};

const failures = (deadLetters: readonly Failed[]) => sql`unnest(
    ${deadLetters.map(({ id }) => id)}::text[], ${deadLetters.map(({ times }) => times)}::int[]) as failed (id, times)`;

/** Releases those that `claimant` has locked. */
export const unlock = async (tx: Tx<Tables>, ids: readonly string[], claimant: string): Promise<void> => {
  await tx
    .updateTable('dead_letter')
    .set({ claimed_until: null, claimed_by: null })
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .where('claimed_by', '=', claimant)
    .execute();
};

export interface Replayed extends Failed {
  /** The bytes that were sent; undefined if the body was not edited. */
  readonly edited?: Uint8Array | undefined;
}

/** Records replays that the broker accepted. A dead letter that has failed again in the meantime stays open. */
export const markReplayed = async (
  tx: Tx<Tables>,
  replayed: readonly Replayed[],
  userId: string,
  now: Date,
): Promise<void> => {
  await sql`
    update dead_letter as letter set replays = replays + 1, replayed_at = ${now}::timestamptz, replayed_by = ${userId}::text,
      status = case when letter.times = failed.times and status = 'open' then 'replayed' else status end,
      resolved_at = case when letter.times = failed.times and status = 'open' then ${now}::timestamptz else resolved_at end,
      claimed_until = case when letter.times = failed.times then null else claimed_until end,
      claimed_by = case when letter.times = failed.times then null else claimed_by end
    from ${failures(replayed)}
    where letter.id = failed.id`.execute(tx);
  const bodies = replayed.map(({ edited }) => (edited === undefined ? null : Buffer.from(edited)));
  await sql`
    insert into dead_letter_step (id, dead_letter_id, kind, at, user_id, body)
    select step, dead_letter, 'replayed', ${now}::timestamptz, ${userId}::text, body
    from unnest(
        ${replayed.map(() => uuid())}::text[], ${replayed.map(({ id }) => id)}::text[], ${bodies}::bytea[]
      ) as replayed (step, dead_letter, body)`.execute(tx);
};

/** Returns false when the dead letter is not available. */
export const markDiscarded = async (
  tx: Tx<Tables>,
  { id, userId, reason }: { id: string; userId: string; reason: string },
  now: Date,
): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('dead_letter')
    .set({ status: 'discarded', resolved_at: now })
    .where('id', '=', id)
    .where(isAvailable(now))
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await addToHistory(tx, { dead_letter_id: id, kind: 'discarded', at: now, user_id: userId, reason });
  return true;
};

const addToHistory = async (
  tx: Tx<Tables>,
  entry: Pick<HistoryEntry, 'dead_letter_id' | 'kind' | 'at' | 'user_id' | 'reason'>,
): Promise<void> => {
  await tx
    .insertInto('dead_letter_step')
    .values({ ...entry, id: uuid() })
    .execute();
};
