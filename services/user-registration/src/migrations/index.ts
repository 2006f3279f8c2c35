import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  '001-account': statements(
    `create table account (
      user_id text primary key,
      email text not null,
      name text not null,
      role text not null check (role in ('customer', 'administrator')),
      password_hash text not null,
      created_at timestamptz not null
    )`,
    'create unique index account_email on account (lower(email))',
  ),
  '002-log-in-failures': statements(
    `create table log_in_failures (
      address_hash text primary key,
      failures integer not null,
      counted_until timestamptz not null
    )`,
    'create index log_in_failures_counted_until on log_in_failures (counted_until)',
  ),
};
