import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { Book } from '../domain/book.ts';
import type { Reservation } from '../domain/reservation.ts';
import type { Stock, StockLevel } from '../domain/stock.ts';
import type { Tables } from './tables.ts';

/**
 * Locks these orders, the known ones and the new, in the order of their ids; gives the reservations of the known. Claim
 * before `lockStock`: with that, two transactions wait for each other in one direction alone.
 */
export const claim = async (
  tx: Tx<Tables>,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Reservation>> => {
  const { rows } = await sql<{ order_id: string; state: Reservation | null }>`
    insert into reservation (order_id)
    select id from unnest(${[...new Set(orderIds)]}::text[]) as id order by id
    on conflict (order_id) do update set order_id = excluded.order_id
    returning order_id, state`.execute(tx);
  return new Map(rows.flatMap(({ order_id, state }) => (state === null ? [] : [[order_id, state]])));
};

/** Locks these products' stock in the order of their skus, whatever order the lines name them in. */
export const lockStock = async (tx: Tx<Tables>, skus: readonly string[]): Promise<Stock> => {
  if (skus.length === 0) return new Map();
  const { rows } = await sql<StockLevel & { sku: string }>`
    select sku, received, sold, reserved from stock
    where sku = any(${skus}::text[]) order by sku for update`.execute(tx);
  return new Map(rows.map(({ sku, ...level }) => [sku, level]));
};

/** Writes what has changed in two statements, however many orders it is about. */
export const save = async (tx: Tx<Tables>, { reservations, stock }: Book): Promise<void> => {
  if (stock.size > 0) {
    const skus = [...stock.keys()];
    const levels = [...stock.values()];
    await sql`
      update stock set sold = change.sold, reserved = change.reserved
      from unnest(
        ${skus}::text[],
        ${levels.map(({ sold }) => sold)}::bigint[],
        ${levels.map(({ reserved }) => reserved)}::bigint[]
      ) as change (sku, sold, reserved)
      where stock.sku = any(${skus}::text[]) and stock.sku = change.sku`.execute(tx);
  }
  if (reservations.size > 0) {
    const orderIds = [...reservations.keys()];
    await sql`
      update reservation set state = change.state
      from unnest(
        ${orderIds}::text[],
        ${[...reservations.values()].map((state) => JSON.stringify(state))}::jsonb[]
      ) as change (order_id, state)
      where reservation.order_id = any(${orderIds}::text[]) and reservation.order_id = change.order_id`.execute(
      tx,
    );
  }
};
