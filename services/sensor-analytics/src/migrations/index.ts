import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  // Numeric sums do not depend on the order. The fill factor leaves room for the frequent updates of the current windows.
  '001-reading-window': statements(
    `create table reading_window (
      seconds integer not null,
      location text not null,
      start timestamptz not null,
      readings bigint not null,
      temperature_min numeric not null,
      temperature_max numeric not null,
      temperature_sum numeric not null,
      humidity_min numeric not null,
      humidity_max numeric not null,
      humidity_sum numeric not null,
      updated_at timestamptz not null,
      primary key (seconds, location, start)
    ) with (fillfactor = 50)`,
    'create index reading_window_start on reading_window (seconds, start)',
  ),
  '002-sensor': statements(
    `create table sensor (
      id integer primary key,
      latest bigint not null,
      mean double precision not null,
      heard integer not null,
      updated_at timestamptz not null
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1)`,
    `create table excursion (
      sensor_id integer not null,
      began bigint not null,
      ended bigint,
      reason text not null check (reason in ('sudden-jump', 'too-hot')),
      updated_at timestamptz not null,
      primary key (sensor_id, began)
    )`,
  ),
  '003-alert': statements(
    `create table alert (
      id uuid primary key,
      sensor_id integer not null,
      location text not null,
      reason text not null,
      temperature double precision not null,
      usual double precision,
      at timestamptz not null,
      raised_at timestamptz not null
    )`,
  ),
  '004-malformed-reading': statements(
    `create table malformed_reading (
      id text primary key,
      position text,
      code text not null,
      message text not null,
      at timestamptz not null default clock_timestamp()
    )`,
    'create index malformed_reading_at on malformed_reading (at)',
  ),
  // The default is right for existing rows and for processes of the previous version: their readings all had a humidity.
  '005-humidity-may-be-missing': statements(
    'alter table reading_window alter column humidity_min drop not null, alter column humidity_max drop not null',
    'alter table reading_window add column humidity_missing bigint not null default 0',
  ),
  '006-flagged-reading': statements(
    `create table flagged_reading (
      sensor_id integer not null,
      flag text not null,
      readings bigint not null,
      last_value double precision,
      first_at timestamptz not null,
      last_at timestamptz not null,
      primary key (sensor_id, flag)
    ) with (fillfactor = 70)`,
    'create index flagged_reading_last_at on flagged_reading (last_at)',
  ),
  // Third parties choose the ids, so that two messages may have the same one; their positions differ.
  '007-malformed-by-position': statements(
    `update malformed_reading set position = '' where position is null`,
    `alter table malformed_reading alter column position set default '', alter column position set not null`,
    'alter table malformed_reading drop constraint malformed_reading_pkey, add primary key (id, position)',
  ),
};
