import type { GeneratedAlways } from 'kysely';
import type { Shipment } from '../domain/shipment.ts';

export interface Tables {
  shipment: ShipmentTable;
}

export interface ShipmentTable {
  order_id: string;
  state: Shipment;
  status: GeneratedAlways<Shipment['status']>;
}
