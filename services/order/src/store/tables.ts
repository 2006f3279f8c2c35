import type { Generated } from 'kysely';

/** The tables of this service. Those of its events and sagas belong to the packages event-store and saga. */
export interface OrderTables {
  /** The prices from `product.listed` and `product.price-changed`. */
  product_price: ProductPriceTable;
  /** A projection for the lists of orders. */
  customer_order: CustomerOrderTable;
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
  changed_at: Generated<Date>;
}
