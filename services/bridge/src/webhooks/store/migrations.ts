import { type Migrations, statements } from '@emporium/store';

/** Those of the webhooks. A migration that ran is never changed: add the next one. */
export const webhookMigrations: Migrations = {
  '004-webhook': statements(
    `create table webhook (
      id uuid primary key,
      url text not null,
      events text[],
      description text,
      secret text not null,
      previous_secret text,
      previous_secret_until timestamptz,
      enabled boolean not null,
      disabled_at timestamptz,
      disabled_reason text,
      failing_since timestamptz,
      throttled_until timestamptz,
      created_at timestamptz not null
    )`,
    `create table webhook_change (
      id uuid primary key,
      webhook_id uuid not null,
      at timestamptz not null,
      user_id text not null,
      action text not null,
      details jsonb not null,
      correlation_id text not null
    )`,
    'create index webhook_change_webhook on webhook_change (webhook_id, id desc)',
    'create index webhook_change_at on webhook_change (at)',
  ),
  '005-webhook-delivery': statements(
    `create table webhook_delivery (
      id uuid primary key,
      webhook_id uuid not null references webhook on delete cascade,
      event_id text not null,
      type text not null,
      body bytea not null,
      created_at timestamptz not null,
      status text not null check (status in ('pending', 'delivered', 'failed')),
      attempts integer not null,
      next_attempt_at timestamptz not null,
      claim uuid,
      settled_at timestamptz
    )`,
    `create index webhook_delivery_due on webhook_delivery (webhook_id, next_attempt_at) where status = 'pending'`,
    'create index webhook_delivery_list on webhook_delivery (webhook_id, created_at desc, id desc)',
    'create index webhook_delivery_status on webhook_delivery (webhook_id, status, created_at desc, id desc)',
    `create index webhook_delivery_settled on webhook_delivery (webhook_id, settled_at) where status <> 'pending'`,
    'create index webhook_delivery_created_at on webhook_delivery (created_at)',
    `create table webhook_attempt (
      id uuid primary key,
      delivery_id uuid not null references webhook_delivery on delete cascade,
      at timestamptz not null,
      duration_ms integer not null,
      status integer,
      reason text,
      snippet text
    )`,
    'create index webhook_attempt_delivery on webhook_attempt (delivery_id, at)',
  ),
};
