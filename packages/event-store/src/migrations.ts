import { type Migrations, statements } from '@emporium/store';

/**
 * `event_stream` holds a row per stream to lock. `transaction` orders what subscribers read: a position is taken before the
 * commit, so that positions alone would let a late commit be skipped.
 */
export const eventStoreMigrations: Migrations = {
  '000-event-store': statements(
    'create table event_stream (stream text primary key, version integer not null)',
    `create table event (
      stream text not null,
      version integer not null,
      id text not null,
      type text not null,
      data jsonb not null,
      at timestamptz not null,
      transaction xid8 not null default pg_current_xact_id(),
      position bigint generated always as identity,
      primary key (stream, version)
    )`,
    'create index event_read_order on event (transaction, position)',
    `create table snapshot (
      stream text primary key,
      version integer not null,
      shape integer not null,
      state jsonb not null
    )`,
    `create table projection (
      name text primary key,
      version integer not null,
      transaction xid8 not null,
      position bigint not null
    )`,
  ),
  // Rows without a cause are from releases that stored none.
  '000-event-store-causes': statements(
    'alter table event add column shape integer not null default 1, add column cause jsonb',
  ),
  // A transaction that waited for a stream appended after a younger one, and yet was read before it: see appendEvents.
  '000-event-store-projections': statements(
    `update event set transaction = ordered.transaction from (
      select stream, version, max(transaction::text::numeric) over (partition by stream order by version)::text::xid8
        as transaction
      from event
    ) as ordered
    where event.stream = ordered.stream and event.version = ordered.version
      and event.transaction < ordered.transaction`,
    'alter table projection add column failure jsonb, add column built_at timestamptz',
    `create table projection_build (
      name text primary key,
      version integer not null,
      transaction xid8 not null,
      position bigint not null,
      events bigint not null default 0,
      failure jsonb,
      started_at timestamptz not null default clock_timestamp()
    )`,
  ),
};
