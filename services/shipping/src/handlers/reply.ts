import { type Effects, emit, permanent } from '@emporium/bus';
import { shipmentCancelled, shipmentDispatched, shipmentFailed } from '@emporium/contracts';
import type { Before, Decision } from '@emporium/store';
import type { BeforeCall, Reply, Shipment, ShipmentDecision } from '../domain/shipment.ts';

/** Turns a decision into a change and the event that replies to the command. The saga's step id is taken from the context. */
export const reply = (orderId: string, decision: ShipmentDecision): Decision<Shipment> => ({
  change: decision.change,
  effects: eventOf(orderId, decision.reply),
});

/** Returns the request for the call, or the reply if no call is needed. */
export const callOrReply = <Request>(
  orderId: string,
  result: BeforeCall<Request>,
): Before<Request, Shipment> => ('reply' in result ? reply(orderId, result) : result);

const eventOf = (orderId: string, reply: Reply): Effects => {
  switch (reply.kind) {
    case 'dispatched': {
      const { kind: _, ...shipment } = reply;
      // A fixed id, so that consumers drop the event when it is also the reply to another command.
      return emit(shipmentDispatched, { orderId, ...shipment }, { id: shipment.shipmentId });
    }
    case 'failed':
      return emit(shipmentFailed, { orderId, reason: reply.reason });
    case 'cancelled':
      return emit(shipmentCancelled, { orderId });
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(reply.reason);
  }
};
