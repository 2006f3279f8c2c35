/** The pieces of one product: on hand are those that were received and not sold. */
export interface StockLevel {
  readonly received: number;
  readonly sold: number;
  readonly reserved: number;
}

/** By sku. */
export type Stock = ReadonlyMap<string, StockLevel>;

/** The pieces that can still be reserved: on hand = available + reserved. */
export const availableOf = ({ received, sold, reserved }: StockLevel): number => received - sold - reserved;
