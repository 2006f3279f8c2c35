import { eventStoreMigrations } from '@emporium/event-store';
import { sagaMigrations } from '@emporium/saga';
import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  ...eventStoreMigrations,
  ...sagaMigrations,
  '001-product-price': statements(
    `create table product_price (
      sku text primary key,
      amount bigint not null,
      currency text not null,
      sequence bigint not null
    )`,
  ),
  '002-customer-order': statements(
    `create table customer_order (
      order_id text primary key,
      customer_id text not null,
      status text not null,
      total_amount bigint not null,
      total_currency text not null,
      placed_at timestamptz not null,
      changed_at timestamptz not null
    )`,
    'create index customer_order_newest on customer_order (customer_id, order_id desc)',
    'create index customer_order_status on customer_order (status, order_id desc)',
  ),
};
