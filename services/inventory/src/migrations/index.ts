import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  '001-product': statements(
    `create table product (
      sku text primary key,
      name text not null,
      price_amount bigint not null check (price_amount >= 0),
      price_currency text not null,
      version integer not null
    )`,
    `create table product_change (
      id bigint generated always as identity primary key,
      at timestamptz not null,
      sku text not null references product,
      kind text not null check (kind in ('listed', 'price-changed', 'restocked')),
      quantity integer,
      price_amount bigint,
      price_currency text,
      changed_by text not null
    )`,
  ),
  // A table of its own, so that reading or repricing a product does not wait for orders that reserve it. The fill factor leaves
  // space for updates within the page: the row of a popular product is updated all the time.
  '002-stock': statements(
    `create table stock (
      sku text primary key references product,
      received bigint not null,
      sold bigint not null default 0,
      reserved bigint not null default 0,
      constraint stock_not_negative check (sold >= 0 and reserved >= 0 and received >= sold + reserved)
    ) with (fillfactor = 50)`,
  ),
  '003-reservation': statements(
    `create table reservation (
      order_id text primary key,
      state jsonb,
      status text generated always as (state ->> 'status') stored
    ) with (fillfactor = 80)`,
    `create index reservation_open on reservation (order_id) where status = 'reserved'`,
  ),
};
