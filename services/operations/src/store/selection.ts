import type { Tx } from '@emporium/store';
import type { Kysely } from 'kysely';
import { type DeadLetterFilter, matching } from './dead-letters.ts';
import { isAvailable } from './resolve.ts';
import type { Tables } from './tables.ts';

/** Open dead letters that are handled in the order of their ids, which is that of their first failures. */
export interface Selection extends Omit<DeadLetterFilter, 'status'> {
  /** Selects those that last failed before this time. */
  readonly failedBefore?: Date | undefined;
  /** Selects those that were last opened before this time, by our clock: what fails again in the meantime is not among them. */
  readonly openedBefore: Date;
  /** Selects those after this id. */
  readonly after?: string | undefined;
  /** Selects those up to this id. */
  readonly upTo?: string | undefined;
}

/** The rows of a selection. */
export const selected = (db: Kysely<Tables>, selection: Selection) => {
  const { failedBefore, openedBefore, after, upTo } = selection;
  return matching(db, { ...selection, status: 'open' })
    .where('opened_at', '<', openedBefore)
    .$if(failedBefore !== undefined, (query) => query.where('failed_at', '<', failedBefore ?? openedBefore))
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .$if(upTo !== undefined, (query) => query.where('id', '<=', upTo ?? ''))
    .orderBy('id');
};

/** Those of `ids` that were found available, up to the first one that was not. */
export const upToLocked = <Row extends { readonly id: string }>(
  ids: readonly string[],
  found: readonly Row[],
): { readonly rows: readonly Row[]; readonly locked: string | undefined } => {
  const byId = new Map(found.map((row) => [row.id, row]));
  const locked = ids.find((id) => !byId.has(id));
  const before = locked === undefined ? ids : ids.slice(0, ids.indexOf(locked));
  return { rows: before.flatMap((id) => byId.get(id) ?? []), locked };
};

/** Those that are not locked for a replay by another than `claimant`. Their rows are locked until the end of the transaction. */
export const available = (tx: Tx<Tables>, selection: Selection, now: Date, claimant?: string) =>
  selected(tx, selection).where(isAvailable(now, claimant)).forUpdate().skipLocked();
