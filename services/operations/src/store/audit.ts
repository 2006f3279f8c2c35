import { currentContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Kysely, Selectable } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { AuditTable, Tables } from './tables.ts';

export type AuditEntry = Selectable<AuditTable>;

export interface Deed {
  readonly userId: string;
  /** `dead-letter.replay`, … */
  readonly action: string;
  readonly target: string;
  /** Never personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Records what was done in this transaction. Gives the id of the entry. */
export const recordDeed = (tx: Tx<Tables>, deed: Deed, now: Date): Promise<string> =>
  insert(tx, deed, now, 'done');

/** Records what is about to be done outside of it: however that ends, it does not go unrecorded. */
export const recordIntent = (tx: Tx<Tables>, deed: Deed, now: Date): Promise<string> =>
  insert(tx, deed, now, null);

/** Records how it ended. */
export const recordOutcome = async (
  tx: Tx<Tables>,
  id: string,
  outcome: 'done' | 'refused',
): Promise<void> => {
  await tx.updateTable('audit').set({ outcome }).where('id', '=', id).execute();
};

const insert = async (
  tx: Tx<Tables>,
  { userId, action, target, details = {} }: Deed,
  now: Date,
  outcome: 'done' | null,
): Promise<string> => {
  const id = uuid();
  await tx
    .insertInto('audit')
    .values({
      id,
      at: now,
      user_id: userId,
      action,
      target,
      correlation_id: currentContext()?.correlationId ?? id,
      details: JSON.stringify(details),
      outcome,
    })
    .execute();
  return id;
};

export interface AuditFilter {
  readonly userId?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** The id of the last entry of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** The newest first. */
export const listAudit = (db: Kysely<Tables>, filter: AuditFilter): Promise<AuditEntry[]> => {
  const { userId, action, target, before, limit } = filter;
  return db
    .selectFrom('audit')
    .selectAll()
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
    .$if(target !== undefined, (query) => query.where('target', '=', target ?? ''))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
};
