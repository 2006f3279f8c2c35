import type { Store } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** One look into the index for each subscription, however many letters there are. */
export const subscriptionsWithLetters = async (db: Kysely<Tables>): Promise<readonly string[]> => {
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

/** The time before which letters of this subscription became open that are beyond the newest `most`; undefined when none is. */
export const openedBeforeNewest = async (
  db: Kysely<Tables>,
  subscription: string,
  most: number,
): Promise<Date | undefined> => {
  const row = await db
    .selectFrom('dead_letter')
    .select('opened_at')
    .where('subscription', '=', subscription)
    .where('status', '=', 'open')
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : new Date(row.opened_at.getTime() + 1); // its microseconds are cut here
};

const batchSize = 500;

/** Removes the oldest of those that were replayed or discarded, beyond the newest `most`. Gives how many. */
export const removeOldestResolved = async (
  store: Store<Tables>,
  subscription: string,
  most: number,
): Promise<number> => {
  let removed = 0;
  for (;;) {
    const batch = await store.transaction(async ({ tx }) => {
      const { numAffectedRows } = await sql`
        delete from dead_letter where id = any(array(
          select id from dead_letter where subscription = ${subscription} and status <> 'open'
          order by resolved_at desc, id desc offset ${most} limit ${batchSize}))`.execute(tx);
      return Number(numAffectedRows ?? 0);
    });
    removed += batch;
    if (batch < batchSize) return removed;
  }
};
