import type { ColumnType, GeneratedAlways } from 'kysely';
import type { Shipment } from '../domain/shipment.ts';

export interface Tables {
  shipment: ShipmentTable;
  carrier_callback: CarrierCallbackTable;
}

export interface ShipmentTable {
  order_id: string;
  state: Shipment;
  status: GeneratedAlways<Shipment['status']>;
}

/** Callbacks that were taken: the carrier may send each of them again. */
export interface CarrierCallbackTable {
  event_id: string;
  received_at: ColumnType<Date, Date, never>;
}
