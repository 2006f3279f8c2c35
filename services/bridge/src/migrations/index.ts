import { type Migrations, statements } from '@emporium/store';
import { webhookMigrations } from '../webhooks/store/migrations.ts';

/** A migration that ran is never changed: add the next one. */
export const migrations: Migrations = {
  '001-foreign-message': statements(
    `create table foreign_message (
      source text not null,
      message_id text not null,
      received_at timestamptz not null,
      primary key (source, message_id)
    )`,
    'create index foreign_message_received_at on foreign_message (received_at)',
  ),
  '002-celery-task': statements(
    `create table celery_task (
      request_id text primary key,
      task_id text not null,
      ignore_result boolean not null,
      due_at timestamptz not null
    )`,
    'create index celery_task_due_at on celery_task (due_at)',
  ),
  ...webhookMigrations,
};
