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
  '011-operations': statements(
    `create table operations_order (
      order_id text primary key,
      customer_id text not null,
      status text not null,
      since timestamptz not null,
      step text,
      reason text,
      amount bigint not null,
      currency text not null,
      completed_at timestamptz,
      refunds jsonb not null
    )`,
    `create index operations_order_open on operations_order (order_id)
      where status not in ('completed', 'cancelled')`,
    `create table order_count (
      status text not null,
      currency text not null,
      orders bigint not null,
      amount bigint not null,
      primary key (status, currency)
    )`,
    `create table daily_revenue (
      day date not null,
      currency text not null,
      orders bigint not null,
      revenue bigint not null,
      refunded bigint not null,
      primary key (day, currency)
    )`,
  ),
  '012-product-sales': statements(
    `create table sold_order (
      order_id text primary key,
      lines jsonb not null,
      completed boolean not null,
      returned jsonb not null
    )`,
    `create table product_sale (
      sku text not null,
      currency text not null,
      units bigint not null,
      revenue bigint not null,
      primary key (sku, currency)
    )`,
    'create index product_sale_revenue on product_sale (currency, revenue desc, sku)',
  ),
};
