import type { Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { Tables } from '../../store/tables.ts';
import type { WebhookTable } from './tables.ts';

/** Without its secrets. */
export type StoredWebhook = Omit<Selectable<WebhookTable>, 'secret' | 'previous_secret'> & {
  /** Open deliveries, counted up to `maxCount`. */
  readonly pending: number;
  /** Deliveries whose last attempt failed, counted up to `maxCount`. */
  readonly failed: number;
};

/** Bounds the cost of a count. */
export const maxCount = 1_000;

const columns = [
  'id',
  'url',
  'events',
  'description',
  'previous_secret_until',
  'enabled',
  'disabled_at',
  'disabled_reason',
  'failing_since',
  'throttled_until',
  'created_at',
] as const;

const count = (status: 'pending' | 'failed') =>
  sql<number>`(select count(*) from (
    select from webhook_delivery where webhook_id = webhook.id and status = ${sql.lit(status)} limit ${sql.lit(maxCount)}) as counted)`.as(
    status,
  );

const webhooks = (db: Kysely<Tables>) =>
  db.selectFrom('webhook').select([...columns, count('pending'), count('failed')]);

/** Oldest first. */
export const listWebhooks = (db: Kysely<Tables>): Promise<StoredWebhook[]> =>
  webhooks(db).orderBy('id').execute();

export const findWebhook = async (db: Kysely<Tables>, id: string): Promise<StoredWebhook | undefined> =>
  isUuid(id) ? webhooks(db).where('id', '=', id).executeTakeFirst() : undefined;

/** With its secrets, for an attempt outside of the table of deliveries. */
export const findReceiver = async (db: Kysely<Tables>, id: string) =>
  isUuid(id)
    ? db
        .selectFrom('webhook')
        .select(['id', 'url', 'secret', 'previous_secret', 'previous_secret_until'])
        .where('id', '=', id)
        .executeTakeFirst()
    : undefined;

/** Locks a webhook until the transaction ends; undefined when there is none. */
export const lockWebhook = async (tx: Tx<Tables>, id: string) =>
  isUuid(id)
    ? tx
        .selectFrom('webhook')
        .select(['id', 'url', 'events', 'description', 'secret', 'enabled'])
        .where('id', '=', id)
        .forNoKeyUpdate()
        .executeTakeFirst()
    : undefined;

/** The first key of an advisory lock: one transaction adds webhooks at a time, so that they can be counted. */
const addingLock = 7_031;

export interface NewWebhook {
  readonly id: string;
  readonly url: string;
  /** Null: all. */
  readonly events: readonly string[] | null;
  readonly description: string | undefined;
  readonly secret: string;
}

/** Returns whether it was added: there may be `max` webhooks. */
export const addWebhook = async (
  tx: Tx<Tables>,
  { id, url, events, description, secret }: NewWebhook,
  { max, now }: { readonly max: number; readonly now: Date },
): Promise<boolean> => {
  await sql`select pg_advisory_xact_lock(${addingLock}, 0)`.execute(tx);
  const { present } = await tx
    .selectFrom('webhook')
    .select(({ fn }) => fn.countAll<number>().as('present'))
    .executeTakeFirstOrThrow();
  if (present >= max) return false;
  await tx
    .insertInto('webhook')
    .values({
      id,
      url,
      events: events === null ? null : [...events],
      description: description ?? null,
      secret,
      previous_secret: null,
      previous_secret_until: null,
      enabled: true,
      disabled_at: null,
      disabled_reason: null,
      failing_since: null,
      throttled_until: null,
      created_at: now,
    })
    .execute();
  return true;
};

export interface WebhookChanges {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | null | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
}

/** Changes a webhook that is locked. One that is enabled starts anew: its open deliveries are due now, each with its whole schedule. */
export const changeWebhook = async (
  tx: Tx<Tables>,
  { id, enabled: wasEnabled }: { readonly id: string; readonly enabled: boolean },
  { url, events, description, enabled = wasEnabled }: WebhookChanges,
  now: Date,
): Promise<void> => {
  const isNewReceiver = enabled && (!wasEnabled || url !== undefined);
  await tx
    .updateTable('webhook')
    .set({
      enabled,
      ...(url === undefined ? {} : { url }),
      ...(events === undefined ? {} : { events: events === null ? null : [...events] }),
      ...(description === undefined ? {} : { description: description === '' ? null : description }),
      ...(isNewReceiver ? { failing_since: null, throttled_until: null } : {}),
      ...(enabled ? { disabled_at: null, disabled_reason: null } : {}),
      ...(!enabled && wasEnabled ? { disabled_at: now, disabled_reason: 'by an administrator' } : {}),
    })
    .where('id', '=', id)
    .execute();
  if (!isNewReceiver) return;
  await sql`
    update webhook_delivery set attempts = 0, next_attempt_at = ${now}
    where webhook_id = ${id} and status = 'pending' and (claim is null or next_attempt_at <= ${now})`.execute(
    tx,
  );
};

/** The secret before stays valid until `previousUntil`. */
export const rotateSecret = async (
  tx: Tx<Tables>,
  { id, secret: previous }: { readonly id: string; readonly secret: string },
  { secret, previousUntil }: { readonly secret: string; readonly previousUntil: Date },
): Promise<void> => {
  await tx
    .updateTable('webhook')
    .set({ secret, previous_secret: previous, previous_secret_until: previousUntil })
    .where('id', '=', id)
    .execute();
};

/** Removes it with its deliveries. Returns whether there was one. */
export const removeWebhook = async (tx: Tx<Tables>, id: string): Promise<boolean> => {
  if (!isUuid(id)) return false;
  const { numDeletedRows } = await tx.deleteFrom('webhook').where('id', '=', id).executeTakeFirst();
  return numDeletedRows === 1n;
};
