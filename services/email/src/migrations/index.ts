import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  '001-recipient': statements(
    `create table recipient (
      user_id text primary key,
      email text not null,
      name text not null,
      sequence bigint not null
    )`,
  ),
  '002-mail': statements(
    `create table mail (
      message_id text primary key,
      event_id text not null,
      template text not null,
      user_id text not null,
      sent_at timestamptz not null
    )`,
    'create index mail_sent_at on mail (sent_at)',
  ),
  '003-requested-mail': statements(
    `create table requested_mail (
      request_id text primary key,
      template text not null,
      user_id text,
      email text,
      url text,
      requested_at timestamptz not null,
      expires_at timestamptz,
      ended_at timestamptz,
      keep_until timestamptz not null
    )`,
    'create index requested_mail_keep_until on requested_mail (keep_until)',
  ),
};
