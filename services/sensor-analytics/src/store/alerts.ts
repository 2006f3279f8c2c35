import type { Tx } from '@emporium/store';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { AlertTable, Tables } from './tables.ts';

export type Alert = Selectable<AlertTable>;

export const addAlerts = async (tx: Tx<Tables>, alerts: readonly Insertable<AlertTable>[]): Promise<void> => {
  if (alerts.length > 0)
    await tx
      .insertInto('alert')
      .values([...alerts])
      .execute();
};

/** Newest first; those before the id `before` if it is given. */
export const listAlerts = (db: Kysely<Tables>, limit: number, before?: string): Promise<readonly Alert[]> =>
  db
    .selectFrom('alert')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Those after the id `after`, oldest first. */
export const alertsAfter = (db: Kysely<Tables>, after: string, limit: number): Promise<readonly Alert[]> =>
  db.selectFrom('alert').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
