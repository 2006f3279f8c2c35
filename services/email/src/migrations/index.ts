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
};
