import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { Tables } from '../../store/tables.ts';
import { webhookIdOf } from '../webhook-id.ts';

/** An event on its way to webhooks. */
export interface WebhookEvent {
  readonly id: string;
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Adds a delivery of each event for each enabled webhook that wants its type. An event that comes again adds none. A webhook that is being
 * removed waits for this transaction.
 */
export const fanOut = async (tx: Tx<Tables>, events: readonly WebhookEvent[], now: Date): Promise<void> => {
  const webhooks = await tx
    .selectFrom('webhook')
    .select(['id', 'events'])
    .where('enabled', '=', true)
    .orderBy('id')
    .forKeyShare()
    .execute();
  const deliveries = webhooks.flatMap((webhook) =>
    events
      .filter(({ type }) => webhook.events === null || webhook.events.includes(type))
      .map((event) => ({ ...event, webhookId: webhook.id, deliveryId: webhookIdOf(event.id, webhook.id) })),
  );
  if (deliveries.length === 0) return;
  await sql`
    insert into webhook_delivery
      (id, webhook_id, event_id, type, body, created_at, status, attempts, next_attempt_at)
    select id, webhook_id, event_id, type, body, ${now}::timestamptz, 'pending', 0, ${now}::timestamptz
    from unnest(
      ${deliveries.map(({ deliveryId }) => deliveryId)}::uuid[],
      ${deliveries.map(({ webhookId }) => webhookId)}::uuid[],
      ${deliveries.map(({ id }) => id)}::text[],
      ${deliveries.map(({ type }) => type)}::text[],
      ${deliveries.map(({ body }) => body)}::bytea[]
    ) as delivery (id, webhook_id, event_id, type, body)
    order by id
    on conflict (id) do nothing`.execute(tx);
};
