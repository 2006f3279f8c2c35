import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Shipment } from '../domain/shipment.ts';
import type { Tables } from './tables.ts';

/** Locks the shipments of these orders and gives them; where there is none, it begins as is said here. */
export const enterAll = async (
  tx: Tx<Tables>,
  initial: ReadonlyMap<string, Shipment>,
): Promise<Map<string, Shipment>> => {
  const { rows } = await sql<Row>`
    insert into shipment (order_id, state)
    select * from unnest(${[...initial.keys()]}::text[], ${[...initial.values()].map(asJson)}::jsonb[]) as entered
    order by 1
    on conflict (order_id) do update set order_id = excluded.order_id
    returning order_id, state`.execute(tx);
  return byOrder(rows);
};

/** Locks the shipments of these orders, in the orders' order, and gives those that there are. */
export const lockAll = async (
  tx: Tx<Tables>,
  orderIds: readonly string[],
): Promise<Map<string, Shipment>> => {
  const { rows } = await sql<Row>`
    select order_id, state from shipment
    where order_id = any(${[...orderIds]}::text[]) order by order_id for update`.execute(tx);
  return byOrder(rows);
};

/** Of shipments that were entered before. */
export const shipmentOf = (shipments: ReadonlyMap<string, Shipment>, orderId: string): Shipment => {
  const shipment = shipments.get(orderId);
  if (shipment === undefined) throw new Error(`The shipment of ${orderId} is gone`);
  return shipment;
};

/** Writes shipments that are locked, as one statement. */
export const saveAll = async (tx: Tx<Tables>, shipments: ReadonlyMap<string, Shipment>): Promise<void> => {
  if (shipments.size === 0) return;
  const orderIds = [...shipments.keys()];
  await sql`
    update shipment set state = changed.state
    from unnest(
      ${orderIds}::text[],
      ${[...shipments.values()].map(asJson)}::jsonb[]
    ) as changed (order_id, state)
    where shipment.order_id = any(${orderIds}::text[]) and shipment.order_id = changed.order_id`.execute(tx);
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

interface Row {
  readonly order_id: string;
  readonly state: Shipment;
}

const byOrder = (rows: readonly Row[]): Map<string, Shipment> =>
  new Map(rows.map(({ order_id, state }) => [order_id, state]));

const asJson = (shipment: Shipment): string => JSON.stringify(shipment);
