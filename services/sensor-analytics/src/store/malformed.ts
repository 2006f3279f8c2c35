import { messageOf, storableText, type Unreadable } from '@emporium/bus';
import type { Kysely, Selectable } from 'kysely';
import { countReadings } from '../metrics.ts';
import type { MalformedReadingTable, Tables } from './tables.ts';

/** Records a malformed reading once, even if it is delivered again before it is dead-lettered. Accepts any text. */
export const recordMalformed =
  (db: Kysely<Tables>) =>
  async ({ id, position = '', reason: { code, message } }: Unreadable): Promise<void> => {
    const { numInsertedOrUpdatedRows = 0n } = await db
      .insertInto('malformed_reading')
      .values({
        id: storableText(id, 300),
        position: storableText(position, 200),
        code: storableText(code, 100),
        message: messageOf(message),
      })
      .onConflict((conflict) => conflict.columns(['id', 'position']).doNothing())
      .executeTakeFirstOrThrow();
    countReadings('refused', Number(numInsertedOrUpdatedRows));
  };

export const countMalformed = async (db: Kysely<Tables>): Promise<number> => {
  const { count } = await db
    .selectFrom('malformed_reading')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
};

/** Newest first. */
export const listMalformed = (
  db: Kysely<Tables>,
  limit: number,
): Promise<readonly Selectable<MalformedReadingTable>[]> =>
  db.selectFrom('malformed_reading').selectAll().orderBy('at', 'desc').limit(limit).execute();
