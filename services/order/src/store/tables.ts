import type { Generated } from 'kysely';

/** The order service's own tables; its events and its sagas are in those of the toolkit. */
export interface OrderTables {
  /** Copied from `product.listed` and `product.price-changed`. */
  product_price: ProductPriceTable;
  /** A projection: what a customer's list shows. */
  customer_order: CustomerOrderTable;
}

export interface ProductPriceTable {
  sku: string;
  amount: number;
  currency: string;
  /** The version of the product; only a newer one is applied. */
  sequence: number;
}

export interface CustomerOrderTable {
  order_id: string;
  customer_id: string;
  status: string;
  total_amount: number;
  total_currency: string;
  placed_at: Date;
  changed_at: Generated<Date>;
}
