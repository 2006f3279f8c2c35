import { type HandlerContext, handle } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { decideOrders } from '../store/orders.ts';
import type { OrderTables } from '../store/tables.ts';

export const onShipmentDelivered = handle(
  shipmentDelivered,
  async ({ data: { orderId } }, { tx, now }: HandlerContext<Tx<OrderTables>>) => {
    const [effects] = await decideOrders(tx, [{ orderId, commands: [{ type: 'record-delivery' }] }], now);
    return effects;
  },
);
