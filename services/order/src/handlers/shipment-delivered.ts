import { type HandlerContext, handleBatch } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { decideOrders } from '../store/orders.ts';
import type { OrderTables } from '../store/tables.ts';

export const onShipmentDelivered = handleBatch(
  [shipmentDelivered],
  (messages, { tx, now }: HandlerContext<Tx<OrderTables>>) =>
    decideOrders(
      tx,
      messages.map(({ data }) => ({ orderId: data.orderId, commands: [{ type: 'record-delivery' }] })),
      now,
    ),
);
