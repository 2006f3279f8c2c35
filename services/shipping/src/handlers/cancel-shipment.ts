import { cancelShipment } from '@emporium/contracts';
import type { Carrier } from '../carrier.ts';
import { beginCancellation, recordCancellation } from '../domain/cancellation.ts';
import { callOutside } from '../store/handlers.ts';
import { shipments } from '../store/shipments.ts';
import { callOrReply, reply } from './reply.ts';

export const onCancelShipment = (carrier: Carrier) =>
  callOutside(cancelShipment, shipments, {
    idempotencyKey: ({ data }) => `${data.orderId}/cancel`,
    before: ({ data }, shipment) => callOrReply(data.orderId, beginCancellation(shipment)),
    call: (_, { message: { data }, idempotencyKey: key, signal }) =>
      carrier.cancel({ reference: data.orderId, key, signal }),
    after: ({ data }, shipment, { response }) => reply(data.orderId, recordCancellation(shipment, response)),
  });
