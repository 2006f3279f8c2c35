import { z } from 'zod';
import { id, lines, reason, stepId } from './common.ts';
import { command, event } from './define.ts';

const owner = 'shipping';
const senders = ['order'] as const;
const step = { orderId: id, stepId };
const shipment = { orderId: id, customerId: id, shipmentId: id, trackingNumber: z.string().min(1).max(80) };

/** The pivot: once the carrier has the goods an order only goes forward. */
export const dispatchOrder = command('shipping.dispatch-order', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, customerId: id, lines }),
});

/** Stops a dispatch that has not happened; answered by `shipment.cancelled`, or by `shipment.dispatched` when it had. */
export const cancelShipment = command('shipping.cancel-shipment', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const shipmentDispatched = event('shipment.dispatched', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...shipment, stepId }),
});

export const shipmentFailed = event('shipment.failed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, reason }),
});

export const shipmentCancelled = event('shipment.cancelled', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const shipmentDelivered = event('shipment.delivered', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(shipment),
});
