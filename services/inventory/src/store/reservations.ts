import type { Changed, Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { Reservable, Reservation, ReservationChange } from '../domain/reservation.ts';
import type { Stock, StockLevel } from '../domain/stock.ts';
import { unitOfWork } from './handlers.ts';
import type { Tables } from './tables.ts';

/** `stock` is one map that all orders of a group share. */
interface Loaded extends Reservable {
  readonly stock: Map<string, StockLevel>;
}

/** The data of a command that loading needs. */
interface Subject {
  readonly orderId: string;
  readonly lines?: readonly { readonly sku: string }[];
  /** Of a command that returns pieces. */
  readonly refundId?: string;
}

/**
 * Locks the reservations of orders, then the stock of their products: always in this order, so that transactions do not deadlock. The
 * orders share one map of stock, so that each decision sees the reservations of those before it.
 */
const load = async (
  tx: Tx<Tables>,
  orderIds: readonly string[],
  subjects: readonly Subject[],
): Promise<ReadonlyMap<string, Loaded>> => {
  const reservations = await lockReservations(tx, orderIds);
  const stock = await lockStock(tx, skusOf(subjects, reservations));
  return new Map([...reservations].map(([orderId, reservation]) => [orderId, { reservation, stock }]));
};

/** Locks reservations in the order of their ids. New ones are inserted without a state. */
const lockReservations = async (
  tx: Tx<Tables>,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Reservation>> => {
  const { rows } = await sql<{ order_id: string; state: Reservation | null }>`
    insert into reservation (order_id)
    select id from unnest(${[...orderIds]}::text[]) as id order by id
    on conflict (order_id) do update set order_id = excluded.order_id
    returning order_id, state`.execute(tx);
  return new Map(rows.map(({ order_id, state }) => [order_id, state ?? { status: 'none' }]));
};

/** The products whose stock may change: the lines of a new order, those that an order has reserved, or those that come back. */
export const skusOf = (
  subjects: readonly Subject[],
  reservations: ReadonlyMap<string, Reservation>,
): readonly string[] => {
  const skus = new Set<string>();
  for (const { orderId, lines = [], refundId } of subjects) {
    const reservation = reservations.get(orderId) ?? { status: 'none' };
    const reserved = reservation.status === 'reserved' ? reservation.lines : [];
    const namesLines = reservation.status === 'none' || refundId !== undefined;
    for (const { sku } of namesLines ? lines : reserved) skus.add(sku);
  }
  return [...skus];
};

/** Locks the stock of products in the order of their skus. */
const lockStock = async (tx: Tx<Tables>, skus: readonly string[]): Promise<Map<string, StockLevel>> => {
  if (skus.length === 0) return new Map();
  const { rows } = await sql<StockLevel & { sku: string }>`
    select sku, received, sold, reserved from stock
    where sku = any(${[...skus]}::text[]) order by sku for update`.execute(tx);
  return new Map(rows.map(({ sku, ...level }) => [sku, level]));
};

/** Writes the changes of all orders with two statements. */
export const saveReservations = async (
  tx: Tx<Tables>,
  changed: readonly Changed<Loaded, ReservationChange>[],
): Promise<undefined> => {
  await saveStock(tx, new Map(changed.flatMap(({ state, changes }) => levelsOf(state, changes))));
  const orderIds = changed.map(({ id }) => id);
  await sql`
    update reservation set state = change.state
    from unnest(
      ${orderIds}::text[],
      ${changed.map(({ state }) => JSON.stringify(state.reservation))}::jsonb[]
    ) as change (order_id, state)
    where reservation.order_id = any(${orderIds}::text[]) and reservation.order_id = change.order_id`.execute(
    tx,
  );
};

/** The changed stock levels, as they are after all changes of the group. */
const levelsOf = (
  { stock }: Reservable,
  changes: readonly ReservationChange[],
): (readonly [string, StockLevel])[] =>
  changes.flatMap((change) =>
    [...(change.stock?.keys() ?? [])].flatMap((sku) => {
      const level = stock.get(sku);
      return level === undefined ? [] : [[sku, level] as const];
    }),
  );

const saveStock = async (tx: Tx<Tables>, stock: Stock): Promise<void> => {
  if (stock.size === 0) return;
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
};

/** Loads the reservation of each order and the stock of its products. */
export const reservations = unitOfWork({
  tables: ['reservation', 'stock'],
  idOf: ({ orderId }: Subject) => orderId,
  initial: { reservation: { status: 'none' }, stock: new Map() } as Loaded, // widened to every status
  load,
  evolve: ({ stock }, change: ReservationChange) => {
    for (const [sku, level] of change.stock ?? []) stock.set(sku, level);
    return { reservation: change.reservation, stock };
  },
  save: saveReservations,
});
