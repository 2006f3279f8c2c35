import type { Store } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** A loose index scan: one lookup per subscription, however many dead letters there are. */
export const subscriptionsWithDeadLetters = async (db: Kysely<Tables>): Promise<readonly string[]> => {
  const { rows } = await sql<{ subscription: string }>`
    with recursive known as (
      (select subscription from dead_letter order by subscription limit 1)
      union all
      select (
        select subscription from dead_letter where subscription > known.subscription order by subscription limit 1
      ) from known where subscription is not null
    )
    select subscription from known where subscription is not null`.execute(db);
  return rows.map(({ subscription }) => subscription);
};

/** The time before which the open dead letters beyond the newest `limit` were opened; undefined when there are none. */
export const openedBeforeNewest = async (
  db: Kysely<Tables>,
  subscription: string,
  limit: number,
): Promise<Date | undefined> => {
  const row = await db
    .selectFrom('dead_letter')
    .select('opened_at')
    .where('subscription', '=', subscription)
    .where('status', '=', 'open')
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : new Date(row.opened_at.getTime() + 1); // a Date has no microseconds: round up
};

const batchSize = 500;

/** Removes the oldest replayed and discarded dead letters beyond the newest `limit`. Returns how many were removed. */
export const removeOldestResolved = async (
  store: Store<Tables>,
  subscription: string,
  limit: number,
): Promise<number> => {
  let removed = 0;
  for (;;) {
    const batch = await store.transaction(async ({ tx }) => {
      const { numAffectedRows } = await sql`
        delete from dead_letter where id = any(array(
          select id from dead_letter where subscription = ${subscription} and status <> 'open'
          order by resolved_at desc, id desc offset ${limit} limit ${batchSize}))`.execute(tx);
      return Number(numAffectedRows ?? 0);
    });
    removed += batch;
    if (batch < batchSize) return removed;
  }
};
