import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  '001-payment': statements(
    `create table payment (
      order_id text primary key,
      state jsonb not null,
      status text not null generated always as (state ->> 'status') stored
    ) with (fillfactor = 70)`,
  ),
  // Append-only. The unique constraint ignores duplicates.
  '002-payment-ledger': statements(
    `create table payment_ledger (
      id bigint generated always as identity primary key,
      at timestamptz not null,
      order_id text not null references payment,
      authorisation_id text not null,
      entry text not null check (entry in ('authorised', 'expired', 'captured', 'voided', 'refunded')),
      amount bigint not null check (amount >= 0),
      currency text not null,
      constraint payment_ledger_once unique (authorisation_id, entry)
    )`,
    'create index payment_ledger_order on payment_ledger (order_id)',
  ),
  // Several refunds for an authorisation. Instances of earlier releases still insert rows without a refund's id.
  '003-refunds': statements(
    `alter table payment_ledger
      add column refund_id text not null default '',
      drop constraint payment_ledger_once,
      add constraint payment_ledger_once unique (authorisation_id, entry, refund_id)`,
  ),
};
