import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { Reservation } from '../domain/reservation.ts';

export interface Tables {
  product: ProductTable;
  product_change: ProductChangeTable;
  stock: StockTable;
  reservation: ReservationTable;
}

export interface ProductTable {
  sku: string;
  name: string;
  price_amount: number;
  price_currency: string;
  /** Incremented by each change; the `sequence` of the product's events. */
  version: number;
}

/** Who changed a product, and how. */
export interface ProductChangeTable {
  id: GeneratedAlways<number>;
  at: ColumnType<Date, Date, never>;
  sku: string;
  kind: 'listed' | 'price-changed' | 'restocked';
  quantity: number | null;
  price_amount: number | null;
  price_currency: string | null;
  /** The id of a user. */
  changed_by: string;
}

export interface StockTable {
  sku: string;
  received: number;
  sold: Generated<number>;
  reserved: Generated<number>;
}

export interface ReservationTable {
  order_id: string;
  /** Null only within the transaction that inserts the reservation. */
  state: Reservation | null;
  status: GeneratedAlways<Reservation['status'] | null>;
}
