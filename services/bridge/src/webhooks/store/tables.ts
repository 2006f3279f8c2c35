import type { ColumnType } from 'kysely';
import type { DeliveryStatus } from '../../domain/webhooks/settle.ts';

/** Tables of the webhooks. */
export interface WebhookTables {
  webhook: WebhookTable;
  webhook_delivery: WebhookDeliveryTable;
  webhook_attempt: WebhookAttemptTable;
  webhook_change: WebhookChangeTable;
}

export interface WebhookTable {
  id: string;
  url: string;
  /** Null: all types, also those that are added later. */
  events: string[] | null;
  description: string | null;
  secret: string;
  /** The secret before a rotation, with which attempts are signed too until `previous_secret_until`. */
  previous_secret: string | null;
  previous_secret_until: Date | null;
  enabled: boolean;
  disabled_at: Date | null;
  disabled_reason: string | null;
  /** The first failure after the last success. */
  failing_since: Date | null;
  /** The receiver asked for no request before this time. */
  throttled_until: Date | null;
  created_at: ColumnType<Date, Date, never>;
}

/** An event for one webhook. Its id is the `webhook-id` of all attempts. */
export interface WebhookDeliveryTable {
  id: string;
  webhook_id: string;
  event_id: string;
  type: string;
  /** What is signed and sent. */
  body: Buffer;
  created_at: ColumnType<Date, Date, never>;
  status: DeliveryStatus;
  /** Those of its present schedule, which begins again when it is re-sent. */
  attempts: number;
  /** Of a pending one; while an attempt is in progress, when its claim ends. */
  next_attempt_at: Date;
  /** The process that makes the attempt in progress; null between attempts. */
  claim: string | null;
  /** When it was delivered, or failed. */
  settled_at: Date | null;
}

export interface WebhookAttemptTable {
  id: string;
  delivery_id: string;
  at: Date;
  duration_ms: number;
  /** The HTTP status; null when there was no response. */
  status: number | null;
  /** Why it failed; null when it did not. */
  reason: string | null;
  /** The beginning of the response's body. */
  snippet: string | null;
}

/** What administrators, and the bridge itself, did to webhooks. Outlives the webhook. */
export interface WebhookChangeTable {
  id: string;
  webhook_id: string;
  at: Date;
  /** An administrator, or `bridge`. */
  user_id: string;
  action: string;
  details: ColumnType<Readonly<Record<string, unknown>>, string, never>;
  correlation_id: string;
}
