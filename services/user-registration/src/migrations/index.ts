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
  '003-password-link': statements(
    'alter table account alter column password_hash drop not null',
    `create table password_link (
      token_hash text primary key,
      user_id text not null references account (user_id) on delete cascade,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz
    )`,
    'create index password_link_user_id on password_link (user_id, created_at)',
    'create index password_link_expires_at on password_link (expires_at)',
    `create table password_link_request (
      id text primary key,
      email text not null,
      correlation_id text not null,
      requested_at timestamptz not null
    )`,
  ),
  '004-password-link-request-order': statements(
    'create index password_link_request_requested_at on password_link_request (requested_at)',
  ),
};
