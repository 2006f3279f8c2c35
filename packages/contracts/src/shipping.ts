import { z } from 'zod';
import { id, lines, reason } from './common.ts';
import { event } from './define.ts';
import { sagaCommand, sagaReply } from './saga-messages.ts';

const owner = 'shipping';
const senders = ['order'] as const;
const shipment = { orderId: id, customerId: id, shipmentId: id, trackingNumber: z.string().min(1).max(80) };

/** The pivot: after the dispatch the saga only goes forward. */
export const [dispatchOrder1, dispatchOrder] = sagaCommand('shipping.dispatch-order', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id, customerId: id, lines }),
});

/** Cancels a dispatch. The reply is `shipment.cancelled`, or `shipment.dispatched` when the goods were dispatched before. */
export const [cancelShipment1, cancelShipment] = sagaCommand('shipping.cancel-shipment', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const [shipmentDispatched1, shipmentDispatched] = sagaReply('shipment.dispatched', {
  owner,
  key: 'orderId',
  schema: z.object(shipment),
});

export const [shipmentFailed1, shipmentFailed] = sagaReply('shipment.failed', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, reason }),
});

export const [shipmentCancelled1, shipmentCancelled] = sagaReply('shipment.cancelled', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const shipmentDelivered = event('shipment.delivered', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(shipment),
});
