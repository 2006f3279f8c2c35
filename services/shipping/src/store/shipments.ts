import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Shipment } from '../domain/shipment.ts';
import type { Tables } from './tables.ts';

/** Locks the shipment of this order and gives it; where there is none, it begins as `initial`. */
export const enter = async (tx: Tx<Tables>, orderId: string, initial: Shipment): Promise<Shipment> => {
  const { rows } = await sql<{ state: Shipment }>`
    insert into shipment (order_id, state) values (${orderId}, ${JSON.stringify(initial)}::jsonb)
    on conflict (order_id) do update set order_id = excluded.order_id
    returning state`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error(`The shipment of ${orderId} could not be entered`);
  return row.state;
};

/** Locks the shipment of this order, if there is one. */
export const lock = async (tx: Tx<Tables>, orderId: string): Promise<Shipment | undefined> => {
  const { rows } = await sql<{ state: Shipment }>`
    select state from shipment where order_id = ${orderId} for update`.execute(tx);
  return rows[0]?.state;
};

export const save = async (tx: Tx<Tables>, orderId: string, shipment: Shipment): Promise<void> => {
  await sql`
    update shipment set state = ${JSON.stringify(shipment)}::jsonb where order_id = ${orderId}`.execute(tx);
};

/** Locks the shipments of these orders, in the orders' order, and gives those that there are. */
export const lockAll = async (
  tx: Tx<Tables>,
  orderIds: readonly string[],
): Promise<Map<string, Shipment>> => {
  const { rows } = await sql<{ order_id: string; state: Shipment }>`
    select order_id, state from shipment
    where order_id = any(${[...orderIds]}::text[]) order by order_id for update`.execute(tx);
  return new Map(rows.map(({ order_id, state }) => [order_id, state]));
};

/** Writes shipments that are locked, as one statement. */
export const saveAll = async (tx: Tx<Tables>, shipments: ReadonlyMap<string, Shipment>): Promise<void> => {
  if (shipments.size === 0) return;
  await sql`
    update shipment set state = changed.state
    from unnest(
      ${[...shipments.keys()]}::text[],
      ${[...shipments.values()].map((shipment) => JSON.stringify(shipment))}::jsonb[]
    ) as changed (order_id, state)
    where shipment.order_id = changed.order_id`.execute(tx);
};

/** Gives those of these callbacks that were not taken before. */
export const recordCallbacks = async (
  tx: Tx<Tables>,
  eventIds: readonly string[],
  now: Date,
): Promise<Set<string>> => {
  if (eventIds.length === 0) return new Set();
  const { rows } = await sql<{ event_id: string }>`
    insert into carrier_callback (event_id, received_at)
    select id, ${now}::timestamptz from unnest(${[...eventIds]}::text[]) as id order by id
    on conflict do nothing returning event_id`.execute(tx);
  return new Set(rows.map(({ event_id }) => event_id));
};

export interface ShipmentQuery {
  readonly limit: number;
  readonly orderId?: string | undefined;
  /** The last order of the page before. */
  readonly before?: string | undefined;
}

/** The newest orders first. */
export const readShipments = async (
  db: Kysely<Tables>,
  { limit, orderId, before }: ShipmentQuery,
): Promise<{ readonly orderId: string; readonly shipment: Shipment }[]> => {
  const rows = await db
    .selectFrom('shipment')
    .select(['order_id', 'state'])
    .$if(orderId !== undefined, (query) => query.where('order_id', '=', orderId ?? ''))
    .$if(before !== undefined, (query) => query.where('order_id', '<', before ?? ''))
    .orderBy('order_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ order_id, state }) => ({ orderId: order_id, shipment: state }));
};
