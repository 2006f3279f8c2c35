import { causedBy } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import { handle } from '../store/handlers.ts';
import { decideOrder, orders } from '../store/orders.ts';

export const onShipmentDelivered = handle(shipmentDelivered, orders, (message, { order }) =>
  decideOrder(message.data.orderId, order, [{ type: 'record-delivery' }], causedBy(message)),
);
