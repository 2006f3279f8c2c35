/** Pieces of one product. On hand are those that were received and not sold. */
export interface StockLevel {
  readonly received: number;
  readonly sold: number;
  readonly reserved: number;
}

/** By sku. */
export type Stock = ReadonlyMap<string, StockLevel>;

/** What can be promised to the next order: on hand = available + reserved. */
export const availableOf = ({ received, sold, reserved }: StockLevel): number => received - sold - reserved;
