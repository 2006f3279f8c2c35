import type { Changed, Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Shipment } from '../domain/shipment.ts';
import { unitOfWork } from './handlers.ts';
import type { Tables } from './tables.ts';

/** Locks and returns the shipments, in the order of their ids to prevent deadlocks. */
const load = async (tx: Tx<Tables>, orderIds: readonly string[]): Promise<ReadonlyMap<string, Shipment>> => {
  const { rows } = await sql<{ order_id: string; state: Shipment }>`
    select order_id, state from shipment
    where order_id = any(${[...orderIds]}::text[]) order by order_id for update`.execute(tx);
  return new Map(rows.map(({ order_id, state }) => [order_id, state]));
};

/** Saves shipments in one statement. */
export const saveShipments = async (
  tx: Tx<Tables>,
  changed: readonly Changed<Shipment, Shipment>[],
): Promise<undefined> => {
  const added = changed.filter(({ isNew }) => isNew);
  const known = changed.filter(({ isNew }) => !isNew);
  const orderIds = known.map(({ id }) => id);
  await sql`
    with added as (
      insert into shipment (order_id, state)
      select * from unnest(
        ${added.map(({ id }) => id)}::text[],
        ${added.map(({ state }) => JSON.stringify(state))}::jsonb[]
      ))
    update shipment set state = changed.state
    from unnest(
      ${orderIds}::text[],
      ${known.map(({ state }) => JSON.stringify(state))}::jsonb[]
    ) as changed (order_id, state)
    where shipment.order_id = any(${orderIds}::text[]) and shipment.order_id = changed.order_id`.execute(tx);
};

export const shipments = unitOfWork({
  tables: ['shipment'],
  idOf: ({ orderId }: { readonly orderId: string }) => orderId,
  initial: { status: 'none' } as Shipment, // widened to the union
  load,
  evolve: (_, changed: Shipment) => changed,
  save: saveShipments,
});

export interface ShipmentQuery {
  readonly limit: number;
  readonly orderId?: string | undefined;
  /** The last order id of the previous page. */
  readonly before?: string | undefined;
}

/** Newest orders first. */
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
