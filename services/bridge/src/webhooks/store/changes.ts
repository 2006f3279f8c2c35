import { currentContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Kysely, Selectable } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { Tables } from '../../store/tables.ts';
import type { WebhookChangeTable } from './tables.ts';

/** `disabled-by-bridge`: after days of failures, or because the receiver is gone. */
export type WebhookAction =
  | 'created'
  | 'changed'
  | 'removed'
  | 'secret-rotated'
  | 'tested'
  | 'deliveries-resent'
  | 'disabled-by-bridge';

export interface WebhookChange {
  readonly webhookId: string;
  /** An administrator, or `bridge`. */
  readonly userId: string;
  readonly action: WebhookAction;
  /** Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Records a change in the transaction that makes it. */
export const recordChange = async (
  tx: Tx<Tables>,
  { webhookId, userId, action, details = {} }: WebhookChange,
  now: Date,
): Promise<void> => {
  const id = uuid();
  await tx
    .insertInto('webhook_change')
    .values({
      id,
      at: now,
      webhook_id: webhookId,
      user_id: userId,
      action,
      details: JSON.stringify(details),
      correlation_id: currentContext()?.correlationId ?? id,
    })
    .execute();
};

export interface ChangeFilter {
  readonly webhookId?: string | undefined;
  /** The id of the last change of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export const listChanges = (
  db: Kysely<Tables>,
  { webhookId, before, limit }: ChangeFilter,
): Promise<Selectable<WebhookChangeTable>[]> =>
  db
    .selectFrom('webhook_change')
    .selectAll()
    .$if(webhookId !== undefined, (query) => query.where('webhook_id', '=', webhookId ?? ''))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
