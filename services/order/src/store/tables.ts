import type { PricedLine } from '@emporium/contracts';

/** The tables of this service. Those of its events and sagas belong to the packages event-store and saga. */
export interface OrderTables {
  /** The prices from `product.listed` and `product.price-changed`. */
  product_price: ProductPriceTable;
  /** The projection `customer-orders`. */
  customer_order: CustomerOrderTable;
  /** The projection `operations`. */
  operations_order: OperationsOrderTable;
  order_count: OrderCountTable;
  daily_revenue: DailyRevenueTable;
  /** The projection `product-sales`. */
  sold_order: SoldOrderTable;
  product_sale: ProductSaleTable;
}

export interface ProductPriceTable {
  sku: string;
  amount: number;
  currency: string;
  /** The version of the product. */
  sequence: number;
}

export interface CustomerOrderTable {
  order_id: string;
  customer_id: string;
  status: string;
  total_amount: number;
  total_currency: string;
  placed_at: Date;
  changed_at: Date;
}

export interface OperationsOrderTable {
  order_id: string;
  customer_id: string;
  status: string;
  /** When the order got this status. */
  since: Date;
  /** Where an order that needs attention is parked, and why. */
  step: string | null;
  reason: string | null;
  amount: number;
  currency: string;
  completed_at: Date | null;
  /** Days in UTC, amounts in minor units. */
  refunds: readonly { readonly day: string; readonly amount: number }[];
}

export interface OrderCountTable {
  status: string;
  currency: string;
  orders: number;
  /** What they cost together. */
  amount: number;
}

export interface DailyRevenueTable {
  /** In UTC. */
  day: string;
  currency: string;
  /** Completed on this day. */
  orders: number;
  revenue: number;
  /** Paid back on this day. */
  refunded: number;
}

export interface SoldOrderTable {
  order_id: string;
  lines: readonly PricedLine[];
  completed: boolean;
  returned: readonly { readonly sku: string; readonly quantity: number }[];
}

/** Of completed orders, less what was returned. */
export interface ProductSaleTable {
  sku: string;
  currency: string;
  units: number;
  revenue: number;
}
