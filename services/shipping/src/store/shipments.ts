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

/** False when this callback was taken before. */
export const recordCallback = async (tx: Tx<Tables>, eventId: string, now: Date): Promise<boolean> => {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('carrier_callback')
    .values({ event_id: eventId, received_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
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
