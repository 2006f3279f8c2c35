import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import { availableOf, type StockLevel } from '../domain/stock.ts';
import type { Page } from './products.ts';
import type { Tables } from './tables.ts';

export interface StockRow extends StockLevel {
  readonly sku: string;
  readonly available: number;
  /** The number of orders that have reserved some of it. */
  readonly openReservations: number;
}

/** Adds pieces, and returns the new level. */
export const receive = async (tx: Tx<Tables>, sku: string, quantity: number): Promise<StockLevel> =>
  tx
    .updateTable('stock')
    .set((row) => ({ received: row('received', '+', quantity) }))
    .where('sku', '=', sku)
    .returning(['received', 'sold', 'reserved'])
    .executeTakeFirstOrThrow();

/** Reads a page of stock levels, ordered by sku, with their reservations at the same moment. */
export const readStock = async (db: Kysely<Tables>, { limit, after }: Page): Promise<StockRow[]> => {
  const { rows } = await sql<StockLevel & { sku: string; open: number }>`
    with open as (
      select line ->> 'sku' as sku, count(*) as orders
      from reservation, jsonb_array_elements(state -> 'lines') as line
      where status = 'reserved'
      group by 1)
    select stock.sku, received, sold, reserved, coalesce(open.orders, 0) as open
    from stock left join open on open.sku = stock.sku
    where stock.sku > ${after ?? ''}
    order by stock.sku limit ${limit}`.execute(db);
  return rows.map(({ open, ...level }) => ({
    ...level,
    available: availableOf(level),
    openReservations: open,
  }));
};
