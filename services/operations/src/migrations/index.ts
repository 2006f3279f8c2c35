import { type Migrations, statements } from '@emporium/store';
import { slots } from '../store/spans/slots.ts';

export const migrations: Migrations = {
  '001-dead-letter': statements(
    `create table dead_letter (
      id text primary key,
      subscription text not null,
      message_id text not null,
      type text not null,
      key text not null,
      body bytea not null,
      code text not null,
      reason text not null,
      attempts integer not null,
      failed_at timestamptz not null,
      times integer not null,
      status text not null check (status in ('open', 'replayed', 'discarded')),
      received_at timestamptz not null,
      resolved_at timestamptz,
      claimed_until timestamptz,
      unique (subscription, message_id)
    )`,
    'create index dead_letter_status on dead_letter (status, id desc)',
    'create index dead_letter_resolved_at on dead_letter (resolved_at) where resolved_at is not null',
    `create table dead_letter_step (
      id text primary key,
      dead_letter_id text not null references dead_letter on delete cascade,
      kind text not null check (kind in ('failed', 'replayed', 'discarded')),
      at timestamptz not null,
      user_id text,
      code text,
      reason text,
      attempts integer,
      body bytea
    )`,
    `create unique index dead_letter_step_failure on dead_letter_step (dead_letter_id, at) where kind = 'failed'`,
    'create index dead_letter_step_letter on dead_letter_step (dead_letter_id, id)',
  ),
  '002-audit': statements(
    `create table audit (
      id text primary key,
      at timestamptz not null,
      user_id text not null,
      action text not null,
      target text not null,
      correlation_id text not null,
      details jsonb not null,
      outcome text check (outcome in ('done', 'refused'))
    )`,
    'create index audit_user on audit (user_id, id desc)',
    'create index audit_target on audit (target, id desc)',
    'create index audit_at on audit (at)',
  ),
  // Every filter of the list, with a status, is one index range, however many dead letters were discarded.
  '003-many-dead-letters': statements(
    `alter table dead_letter
      add column opened_at timestamptz not null default now(),
      add column position text,
      add column truncated_from bigint,
      add column odd_attributes text`,
    'create index dead_letter_subscription on dead_letter (subscription, status, id desc)',
    'create index dead_letter_subscription_code on dead_letter (subscription, code, status, id desc)',
    'create index dead_letter_code on dead_letter (code, status, id desc)',
    'create index dead_letter_type on dead_letter (type, status, id desc)',
    `create index dead_letter_failed_at on dead_letter (failed_at, id) where status = 'open'`,
    `create index dead_letter_open on dead_letter (subscription, opened_at, id) where status = 'open'`,
    `create index dead_letter_resolved on dead_letter (subscription, resolved_at, id) where status <> 'open'`,
  ),
  // Rows from before are grouped in the background: `groupingStage`. The columns are added without reading a row; their indexes are a
  // migration, and so a transaction, of their own, since this one locks out readers.
  '004-dead-letter-groups': statements(
    `alter table dead_letter
      add column group_id text,
      add column fingerprint text,
      add column replays integer not null default 0,
      add column replayed_at timestamptz,
      add column replayed_by text,
      add column claimed_by text`,
    'alter table dead_letter_step add column group_id text',
    // An instance of the release before knows no groups: what it opens again, perhaps for another reason, is grouped in the background.
    `create function dead_letter_failed_without_group() returns trigger language plpgsql as $$
      begin
        update dead_letter set group_id = null, fingerprint = null
        where id = new.dead_letter_id and group_id is not null;
        return null;
      end $$`,
    `create trigger dead_letter_failed_without_group after insert on dead_letter_step for each row
      when (new.kind = 'failed' and new.group_id is null) execute function dead_letter_failed_without_group()`,
  ),
  '005-dead-letter-jobs': statements(
    `create table dead_letter_job (
      id text primary key,
      action text not null check (action in ('replay', 'discard')),
      filter jsonb not null,
      reason text,
      rate integer not null,
      total integer not null,
      state text not null check (state in ('running', 'stopping', 'stopped', 'finished', 'failed')),
      done integer not null default 0,
      failures jsonb not null default '{}',
      opened_before timestamptz not null,
      position text not null default '',
      still_open integer,
      problem text,
      requested_by text not null,
      requested_at timestamptz not null,
      stopped_by text,
      ended_at timestamptz,
      leased_by text,
      leased_until timestamptz
    )`,
    `create index dead_letter_job_unfinished on dead_letter_job (id) where state in ('running', 'stopping')`,
    'create index dead_letter_job_ended_at on dead_letter_job (ended_at) where ended_at is not null',
  ),
  // What is wanted; each service has its own table of what it was told.
  '006-subscription-state': statements(
    `create table subscription_state (
      subscription text primary key,
      state text not null check (state in ('active', 'paused')),
      sequence bigint not null,
      since timestamptz,
      changed_by text,
      reason text
    )`,
  ),
  // While they are built, dead letters can be read and none can be written.
  '007-dead-letter-group-indexes': statements(
    'create index dead_letter_ungrouped on dead_letter (id) where group_id is null',
    // Groups are counted in the index alone, without the table.
    `create index dead_letter_group on dead_letter (group_id, status, id desc)
      include (subscription, type, code, received_at, failed_at, replays) where group_id is not null`,
  ),
  // Spans of the last hour (ADR 79). A slot is emptied as a whole; what a crash of the server empties is no loss.
  '008-spans': statements(
    `create table span (
      slot smallint not null,
      trace_id uuid not null,
      span_id text not null,
      parent_id text,
      correlation_id text,
      service text not null,
      name text not null,
      kind text not null,
      started_us bigint not null,
      duration_us bigint not null,
      is_error boolean not null,
      status_message text,
      attributes jsonb not null,
      links jsonb
    ) partition by list (slot)`,
    `create table span_link (
      slot smallint not null,
      linked_trace_id uuid not null,
      trace_id uuid not null
    ) partition by list (slot)`,
    ...slots.flatMap((slot) => [
      `create unlogged table span_${slot} partition of span for values in (${slot})`,
      `create unlogged table span_link_${slot} partition of span_link for values in (${slot})`,
    ]),
    'create index span_trace on span (trace_id)',
    'create index span_correlation on span (correlation_id) where correlation_id is not null',
    // Where a trace may begin: a request may follow from a span that only its client knows.
    `create index span_first on span (started_us) where parent_id is null or kind = 'server'`,
    'create index span_link_linked on span_link (linked_trace_id)',
    `create table span_slot (
      slot smallint primary key,
      opened_at timestamptz,
      closed_at timestamptz,
      spans bigint not null default 0,
      bytes bigint not null default 0
    )`,
    `insert into span_slot (slot) select generate_series(0, ${slots.length - 1})`,
  ),
  // Dead letters from before have none, and are not found by it.
  '009-dead-letter-correlation': statements('alter table dead_letter add column correlation_id text'),
  '010-dead-letter-correlation-index': statements(
    'create index dead_letter_correlation on dead_letter (correlation_id) where correlation_id is not null',
  ),
  '011-paused-jobs': statements(
    `alter table dead_letter_job
      add column paused boolean not null default false, add column growing boolean not null default false`,
  ),
  // The newest messages are read every two seconds while somebody watches them.
  '012-handled-messages': statements(
    `create index span_handled on span (started_us) where kind = 'consumer'`,
  ),
  // The order in which slots were opened, whatever the clocks of the processes say.
  '013-span-slot-sequence': statements(
    'alter table span_slot add column opened_as bigint',
    `update span_slot set opened_as = numbered.n from (
      select slot, row_number() over (order by opened_at) as n from span_slot where opened_at is not null
    ) as numbered where numbered.slot = span_slot.slot`,
  ),
};
