import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { HistoryEntry, StoredDeadLetter } from './dead-letters.ts';
import type { Tables } from './tables.ts';

/** The lock of a process that crashed expires after this time. */
const lockMs = 60_000;

/** Open, and not locked for a replay. */
export const isAvailable = (now: Date) =>
  sql<boolean>`status = 'open' and (claimed_until is null or claimed_until <= ${now})`;

/** Locks a dead letter for a replay. Returns false when it is not available, or has failed again since it was read. */
export const lockForReplay = async (
  tx: Tx<Tables>,
  { id, times }: Pick<StoredDeadLetter, 'id' | 'times'>,
  now: Date,
): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable('dead_letter')
    .set({ claimed_until: new Date(now.getTime() + lockMs) })
    .where('id', '=', id)
    .where('times', '=', times)
    .where(isAvailable(now))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

export const unlock = async (tx: Tx<Tables>, id: string): Promise<void> => {
  await tx.updateTable('dead_letter').set({ claimed_until: null }).where('id', '=', id).execute();
};

export interface Replayed {
  readonly deadLetter: StoredDeadLetter;
  readonly userId: string;
  /** The bytes that were sent; undefined if the body was not edited. */
  readonly edited: Uint8Array | undefined;
}

/** Records a replay that the broker accepted. A dead letter that has failed again in the meantime stays open. */
export const markReplayed = async (
  tx: Tx<Tables>,
  { deadLetter, userId, edited }: Replayed,
  now: Date,
): Promise<void> => {
  await tx
    .updateTable('dead_letter')
    .set({ status: 'replayed', resolved_at: now, claimed_until: null })
    .where('id', '=', deadLetter.id)
    .where('times', '=', deadLetter.times)
    .execute();
  const body = edited === undefined ? null : Buffer.from(edited);
  await addToHistory(tx, {
    dead_letter_id: deadLetter.id,
    kind: 'replayed',
    at: now,
    user_id: userId,
    body,
  });
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
  entry: Pick<HistoryEntry, 'dead_letter_id' | 'kind' | 'at' | 'user_id'> &
    Partial<Pick<HistoryEntry, 'reason' | 'body'>>,
): Promise<void> => {
  await tx
    .insertInto('dead_letter_step')
    .values({ ...entry, id: uuid() })
    .execute();
};
