import type { Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { DeliveryStatus } from '../../domain/webhooks/settle.ts';
import type { Tables } from '../../store/tables.ts';
import type { WebhookAttemptTable, WebhookDeliveryTable } from './tables.ts';

/** Without its body. */
export type DeliverySummary = Omit<Selectable<WebhookDeliveryTable>, 'body'> & {
  /** Of the last attempt; null without one. */
  readonly last_status: number | null;
  /** Why the last attempt failed. */
  readonly last_reason: string | null;
};

export type AttemptRow = Selectable<WebhookAttemptTable>;

const columns = [
  'webhook_delivery.id',
  'webhook_id',
  'event_id',
  'type',
  'created_at',
  'webhook_delivery.status',
  'attempts',
  'next_attempt_at',
  'claim',
  'settled_at',
] as const;

const lastAttempt = (column: 'status' | 'reason') =>
  sql`(select attempt.${sql.ref(column)} from webhook_attempt as attempt
    where attempt.delivery_id = webhook_delivery.id order by attempt.at desc, attempt.id desc limit 1)`;
const lastStatus = sql<number | null>`${lastAttempt('status')}`.as('last_status');
const lastReason = sql<string | null>`${lastAttempt('reason')}`.as('last_reason');

export interface DeliveryFilter {
  readonly webhookId: string;
  readonly status?: DeliveryStatus | undefined;
  /** The id of the last delivery of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export const listDeliveries = (
  db: Kysely<Tables>,
  { webhookId, status, before, limit }: DeliveryFilter,
): Promise<DeliverySummary[]> =>
  db
    .selectFrom('webhook_delivery')
    .select([...columns, lastStatus, lastReason])
    .where('webhook_id', '=', webhookId)
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'pending'))
    .$if(before !== undefined, (query) =>
      query.where(
        sql<boolean>`(created_at, webhook_delivery.id) < (
          select given.created_at, given.id from webhook_delivery as given where given.id = ${before ?? ''})`,
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('webhook_delivery.id', 'desc')
    .limit(limit)
    .execute();

/** With its body; undefined when the webhook has no such delivery. */
export const findDelivery = async (db: Kysely<Tables>, id: string) =>
  isUuid(id)
    ? db
        .selectFrom('webhook_delivery')
        .select([...columns, lastStatus, lastReason, 'body'])
        .where('webhook_delivery.id', '=', id)
        .executeTakeFirst()
    : undefined;

/** The most attempts that are shown. */
const maxAttempts = 200;

/** The newest ones, oldest first. */
export const attemptsOf = async (db: Kysely<Tables>, id: string): Promise<AttemptRow[]> => {
  const rows = await db
    .selectFrom('webhook_attempt')
    .selectAll()
    .where('delivery_id', '=', id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxAttempts)
    .execute();
  return rows.reverse();
};

/** Makes a delivery due now, with its whole schedule, whatever its status. `in-progress`: an attempt is being made. */
export const resendDelivery = async (
  tx: Tx<Tables>,
  id: string,
  now: Date,
): Promise<'resent' | 'in-progress'> => {
  const { numAffectedRows } = await sql`
    update webhook_delivery
    set status = 'pending', attempts = 0, next_attempt_at = ${now}, claim = null, settled_at = null
    where id = ${id} and (claim is null or next_attempt_at <= ${now})`.execute(tx);
  return numAffectedRows === 1n ? 'resent' : 'in-progress';
};

export interface ResendFilter {
  readonly webhookId: string;
  readonly status: Exclude<DeliveryStatus, 'pending'>;
  /** Of events since this time. */
  readonly since: Date;
  /** The id of the last delivery of the page before; of this webhook. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Of those that were sent again: how many, and the id of the last one. */
export interface Resent {
  readonly count: number;
  readonly last: string | undefined;
}

/** The same for many, the oldest first. */
export const resendDeliveries = async (
  tx: Tx<Tables>,
  { webhookId, status, since, after, limit }: ResendFilter,
  now: Date,
): Promise<Resent> => {
  const isAfter =
    after === undefined
      ? sql``
      : sql`and (created_at, id) > (select given.created_at, given.id from webhook_delivery as given where given.id = ${after})`;
  const { rows } = await sql<{ id: string }>`
    select id from webhook_delivery
    where webhook_id = ${webhookId} and status = ${status} and created_at >= ${since} ${isAfter}
    order by created_at, id limit ${limit} for update`.execute(tx);
  const ids = rows.map(({ id }) => id);
  await sql`
    update webhook_delivery set status = 'pending', attempts = 0, next_attempt_at = ${now}, settled_at = null
    where id = any(${ids}::uuid[])`.execute(tx);
  return { count: ids.length, last: ids.at(-1) };
};
