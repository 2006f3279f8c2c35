import { type Effects, emit, permanent } from '@emporium/bus';
import { shipmentCancelled, shipmentDispatched, shipmentFailed } from '@emporium/contracts';
import type { Before, Decision } from '@emporium/store';
import type { Answer, Beginning, Settlement, Shipment } from '../domain/shipment.ts';

/** The answer as an event; the step that it belongs to comes from the context. */
export const reply = (orderId: string, { answer, change }: Settlement): Decision<Shipment> => ({
  change,
  effects: eventOf(orderId, answer),
});

/** The request to make, or the answer where none is needed. */
export const beginOrReply = <Request>(
  orderId: string,
  beginning: Beginning<Request>,
): Before<Request, Shipment> => ('answer' in beginning ? reply(orderId, beginning) : beginning);

const eventOf = (orderId: string, answer: Answer): Effects => {
  switch (answer.kind) {
    case 'dispatched': {
      const { kind: _, ...shipment } = answer;
      // One fact, one id, however often it is the answer: a reader that knows it hears nothing new.
      return emit(shipmentDispatched, { orderId, ...shipment }, { id: shipment.shipmentId });
    }
    case 'failed':
      return emit(shipmentFailed, { orderId, reason: answer.reason });
    case 'cancelled':
      return emit(shipmentCancelled, { orderId });
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(answer.reason);
  }
};
