import { type Migrations, statements } from '@emporium/store';

export const sagaMigrations: Migrations = {
  '000-saga': statements(
    `create table saga (
      name text not null,
      id text not null,
      state jsonb not null,
      phase text not null,
      parked boolean not null default false,
      final boolean not null default false,
      deadline timestamptz,
      correlation_id text not null,
      traceparent text not null,
      started_at timestamptz not null,
      changed_at timestamptz not null,
      primary key (name, id)
    ) with (fillfactor = 70)`,
    'create index saga_deadline on saga (deadline) where deadline is not null',
    'create index saga_open on saga (name) where not final',
  ),
  // The deadlines of one saga are found without reading those of the others.
  '000-saga-deadline': statements(
    'create index saga_deadline_of_saga on saga (name, deadline) where deadline is not null',
    'drop index saga_deadline',
  ),
  // What people did about parked sagas. `note` may contain personal data, and can be erased: nothing else is derived from it.
  '000-saga-action': statements(
    `create table saga_action (
      position bigint generated always as identity primary key,
      saga text not null,
      id text not null,
      action text not null,
      outcome text,
      from_status text not null,
      from_step text not null,
      from_reason text not null,
      by text not null,
      note text,
      at timestamptz not null
    )`,
    'create index saga_action_of_saga on saga_action (saga, id, position)',
  ),
  // Parked sagas are few, and counted at each scrape of the metrics.
  '000-saga-parked': statements('create index saga_parked on saga (name, id) where parked and not final'),
};
