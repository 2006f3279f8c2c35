import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { columns, type DeadLetterSummary, latestBody, type StoredDeadLetter, size } from './dead-letters.ts';
import { available, type Selection, selected, upToLocked } from './selection.ts';
import type { Tables } from './tables.ts';

/** The bodies of a batch are in memory at one time. */
const maxBatchBytes = 16 * 1024 * 1024;

export interface Replayable {
  readonly deadLetters: readonly DeadLetterSummary[];
  /** The selection has no more. */
  readonly isLast: boolean;
  /** The next one is locked for another replay. None after it is taken, since it may become available again. */
  readonly locked?: string | undefined;
}

/** The next of a selection for `claimant`, without their bodies: up to `limit`, and up to 16 MB of bodies. */
export const nextReplayable = async (
  tx: Tx<Tables>,
  selection: Selection,
  { limit, claimant }: { readonly limit: number; readonly claimant: string },
  now: Date,
): Promise<Replayable> => {
  const next = await selected(tx, selection).select('id').limit(limit).execute();
  const found = await available(tx, selection, now, claimant)
    .select([...columns, size])
    .limit(limit)
    .execute();
  const { rows, locked } = upToLocked(
    next.map(({ id }) => id),
    found,
  );
  const deadLetters: DeadLetterSummary[] = [];
  let bytes = 0;
  for (const deadLetter of rows) {
    bytes += deadLetter.size;
    if (bytes > maxBatchBytes && deadLetters.length > 0) return { deadLetters, isLast: false };
    deadLetters.push(deadLetter);
  }
  return { deadLetters, isLast: locked === undefined && next.length < limit, locked };
};

/** The same dead letters with the bytes that failed last. */
export const withBodies = async (
  tx: Tx<Tables>,
  deadLetters: readonly DeadLetterSummary[],
): Promise<readonly StoredDeadLetter[]> => {
  const rows = await tx
    .selectFrom('dead_letter')
    .select(['id', latestBody.as('body')])
    .where('id', '=', sql<string>`any(${deadLetters.map(({ id }) => id)}::text[])`)
    .execute();
  const bodies = new Map(rows.map(({ id, body }) => [id, body]));
  return deadLetters.flatMap((deadLetter) => {
    const body = bodies.get(deadLetter.id);
    return body === undefined ? [] : [{ ...deadLetter, body }];
  });
};
