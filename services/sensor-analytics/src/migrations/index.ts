import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  // Sums are numeric, which adds up to the same in whatever order. The few rows of now change all the time: pages keep room.
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
};
