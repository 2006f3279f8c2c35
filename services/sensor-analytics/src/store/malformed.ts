import type { Unreadable } from '@emporium/bus';
import type { Kysely, Selectable } from 'kysely';
import type { MalformedReadingTable, Tables } from './tables.ts';

/** Once for each, however often it is delivered before it is set aside. */
export const recordMalformed =
  (db: Kysely<Tables>) =>
  async ({ id, position, reason: { code, message } }: Unreadable): Promise<void> => {
    await db
      .insertInto('malformed_reading')
      .values({ id, position: position ?? null, code, message })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  };

export const countMalformed = async (db: Kysely<Tables>): Promise<number> => {
  const { count } = await db
    .selectFrom('malformed_reading')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};

/** The last ones first. */
export const listMalformed = (
  db: Kysely<Tables>,
  limit: number,
): Promise<readonly Selectable<MalformedReadingTable>[]> =>
  db.selectFrom('malformed_reading').selectAll().orderBy('at', 'desc').limit(limit).execute();
