import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AttemptRow, DeliverySummary } from '../store/deliveries.ts';
import type { WebhookChangeTable } from '../store/tables.ts';
import { maxCount, type StoredWebhook } from '../store/webhooks.ts';
import { status } from './schemas.ts';

export const webhookView = z.object({
  id: z.string(),
  url: z.string(),
  events: z.union([z.literal('all'), z.array(z.string())]),
  description: z.string().optional(),
  enabled: z.boolean(),
  /** When and why it was disabled. */
  disabled: z.object({ at: z.string(), reason: z.string() }).optional(),
  /** The first failure after the last success. */
  failingSince: z.string().optional(),
  /** The receiver asked for no request before this time. */
  throttledUntil: z.string().optional(),
  /** Until then attempts are also signed with the secret before the last rotation. */
  previousSecretUntil: z.string().optional(),
  /** Numbers of deliveries, each counted up to 1,000. */
  deliveries: z.object({ pending: z.int().max(maxCount), failed: z.int().max(maxCount) }),
  createdAt: z.string(),
});

export const changeView = z.object({
  id: z.string(),
  webhookId: z.string(),
  at: z.string(),
  /** An administrator, or `bridge`. */
  userId: z.string(),
  action: z.string(),
  details: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
});

export const deliveryView = z.object({
  /** The `webhook-id` of every attempt. */
  id: z.string(),
  webhookId: z.string(),
  eventId: z.string(),
  type: z.string(),
  status,
  /** Those of its present schedule. */
  attempts: z.int(),
  createdAt: z.string(),
  /** Of a pending one, between attempts. */
  nextAttemptAt: z.string().optional(),
  settledAt: z.string().optional(),
  /** Of the last attempt. */
  lastStatus: z.int().optional(),
  lastReason: z.string().optional(),
});

export const attemptView = z.object({
  at: z.string(),
  durationMs: z.int(),
  /** Absent when there was no response. */
  status: z.int().optional(),
  /** Why it failed; absent when it did not. */
  reason: z.string().optional(),
  /** The beginning of the response's body. */
  snippet: z.string().optional(),
});

const optional = <Name extends string, Value>(name: Name, value: Value | null | undefined) =>
  (value === null || value === undefined ? {} : { [name]: value }) as { [key in Name]?: Value }; // one key

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

/** `now` decides which times are over. */
export const viewWebhook = (webhook: StoredWebhook, now: Date): z.input<typeof webhookView> => {
  const { disabled_at: at, disabled_reason: reason } = webhook;
  const ifAhead = (until: Date | null) => time(until !== null && until > now ? until : null);
  return {
    id: webhook.id,
    url: webhook.url,
    events: webhook.events ?? 'all',
    ...optional('description', webhook.description),
    enabled: webhook.enabled,
    ...(at === null ? {} : { disabled: { at: at.toISOString(), reason: reason ?? '' } }),
    ...optional('failingSince', time(webhook.failing_since)),
    ...optional('throttledUntil', ifAhead(webhook.throttled_until)),
    ...optional('previousSecretUntil', ifAhead(webhook.previous_secret_until)),
    deliveries: { pending: webhook.pending, failed: webhook.failed },
    createdAt: webhook.created_at.toISOString(),
  };
};

export const viewChange = (change: Selectable<WebhookChangeTable>): z.input<typeof changeView> => ({
  id: change.id,
  webhookId: change.webhook_id,
  at: change.at.toISOString(),
  userId: change.user_id,
  action: change.action,
  details: change.details,
  correlationId: change.correlation_id,
});

export const viewDelivery = (delivery: DeliverySummary): z.input<typeof deliveryView> => {
  const isWaiting = delivery.status === 'pending' && delivery.claim === null;
  return {
    id: delivery.id,
    webhookId: delivery.webhook_id,
    eventId: delivery.event_id,
    type: delivery.type,
    status: delivery.status,
    attempts: delivery.attempts,
    createdAt: delivery.created_at.toISOString(),
    ...optional('nextAttemptAt', isWaiting ? time(delivery.next_attempt_at) : null),
    ...optional('settledAt', time(delivery.settled_at)),
    ...optional('lastStatus', delivery.last_status),
    ...optional('lastReason', delivery.last_reason),
  };
};

export const viewAttempt = (attempt: AttemptRow): z.input<typeof attemptView> => ({
  at: attempt.at.toISOString(),
  durationMs: attempt.duration_ms,
  ...optional('status', attempt.status),
  ...optional('reason', attempt.reason),
  ...optional('snippet', attempt.snippet),
});
