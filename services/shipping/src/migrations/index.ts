import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  '001-shipment': statements(
    `create table shipment (
      order_id text primary key,
      state jsonb not null,
      status text not null generated always as (state ->> 'status') stored
    ) with (fillfactor = 70)`,
  ),
  '002-carrier-callback': statements(
    `create table carrier_callback (
      event_id text primary key,
      received_at timestamptz not null
    )`,
    'create index carrier_callback_received_at on carrier_callback using brin (received_at)',
  ),
  // A repeated report is recognised by the shipment's status, so this table is not needed.
  '003-no-carrier-callback': statements('drop table carrier_callback'),
};
