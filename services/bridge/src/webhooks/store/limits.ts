import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import type { Tables } from '../../store/tables.ts';
import { recordChange } from './changes.ts';

const batchSize = 500;

/** Removes the oldest delivered and failed deliveries of a webhook beyond the newest `limit`. Returns how many were removed. */
export const removeOldestSettled = async (
  store: Store<Tables>,
  webhookId: string,
  limit: number,
): Promise<number> => {
  let removed = 0;
  for (;;) {
    const batch = await store.transaction(async ({ tx }) => {
      const { numAffectedRows } = await sql`
        delete from webhook_delivery where id = any(array(
          select id from webhook_delivery where webhook_id = ${webhookId} and status <> 'pending'
          order by settled_at desc offset ${limit} limit ${batchSize}))`.execute(tx);
      return Number(numAffectedRows ?? 0);
    });
    removed += batch;
    if (batch < batchSize) return removed;
  }
};

/** Disables a webhook for which `limit` deliveries wait: it gets no further ones, and none is lost. Returns whether it was disabled. */
export const disableWhenFull = async (
  store: Store<Tables>,
  webhookId: string,
  limit: number,
  now: Date,
): Promise<string | undefined> =>
  store.transaction(async ({ tx }) => {
    const reason = `${limit} deliveries wait for it`;
    const { numAffectedRows } = await sql`
      update webhook set enabled = false, disabled_at = ${now}, disabled_reason = ${reason}
      where id = ${webhookId} and enabled and exists (
        select from webhook_delivery where webhook_id = ${webhookId} and status = 'pending'
        offset ${limit - 1} limit 1)`.execute(tx);
    if (numAffectedRows !== 1n) return undefined;
    const change = { webhookId, userId: 'bridge', action: 'disabled-by-bridge' } as const;
    await recordChange(tx, { ...change, details: { reason } }, now);
    return reason;
  });

export const webhookIds = async (store: Store<Tables>): Promise<readonly string[]> =>
  (await store.db.selectFrom('webhook').select('id').orderBy('id').execute()).map(({ id }) => id);
