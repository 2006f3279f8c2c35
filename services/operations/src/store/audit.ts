import { currentContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { AuditTable, Tables } from './tables.ts';

export type AuditEntry = Selectable<AuditTable>;

/** What an administrator, or the service itself, does. */
export interface AuditAction {
  readonly userId: string;
  /** `dead-letter.replay`, … */
  readonly action: string;
  readonly target: string;
  /** Never personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Records an action that is part of this transaction. Returns the id of the entry. */
export const recordAction = (tx: Tx<Tables>, action: AuditAction, now: Date): Promise<string> =>
  insertEntry(tx, action, now, 'done');

/** Records an action before it is done outside of the transaction. Returns the id of the entry. */
export const recordIntent = (tx: Tx<Tables>, action: AuditAction, now: Date): Promise<string> =>
  insertEntry(tx, action, now, null);

/** Records the outcome of an intended action, with what became known since. */
export const recordOutcome = async (
  tx: Tx<Tables>,
  id: string,
  outcome: 'done' | 'refused',
  details: AuditAction['details'] = {},
): Promise<void> => {
  await sql`
    update audit set outcome = ${outcome}, details = details || ${JSON.stringify(details)}::jsonb
    where id = ${id}`.execute(tx);
};

const insertEntry = async (
  tx: Tx<Tables>,
  { userId, action, target, details = {} }: AuditAction,
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
  /** The id of the last entry of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
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
