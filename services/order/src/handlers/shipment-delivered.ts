import { shipmentDelivered } from '@emporium/contracts';
import { handle } from '../store/handlers.ts';
import { decideOrder, orders } from '../store/orders.ts';

export const onShipmentDelivered = handle(shipmentDelivered, orders, ({ data }, { order }) =>
  decideOrder(data.orderId, order, [{ type: 'record-delivery' }]),
);
