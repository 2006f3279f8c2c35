import { type Effects, emit, permanent } from '@emporium/bus';
import { shipmentCancelled, shipmentDispatched, shipmentFailed } from '@emporium/contracts';
import type { Before, Decision } from '@emporium/store';
import type { Answer, Beginning, Settlement, Shipment } from '../domain/shipment.ts';

/** What the replies carry back of the command. */
export interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

/** The answer as an event. */
export const reply = (step: Step, { answer, change }: Settlement): Decision<Shipment> => ({
  change,
  effects: eventOf(step, answer),
});

/** The request to make, or the answer where none is needed. */
export const beginOrReply = <Request>(
  step: Step,
  beginning: Beginning<Request>,
): Before<Request, Shipment> => ('answer' in beginning ? reply(step, beginning) : beginning);

const eventOf = ({ orderId, stepId }: Step, answer: Answer): Effects => {
  const step = { orderId, stepId };
  switch (answer.kind) {
    case 'dispatched': {
      const { kind: _, ...shipment } = answer;
      // One fact, one id, however often it is the answer: a reader that knows it hears nothing new.
      return emit(shipmentDispatched, { ...step, ...shipment }, { id: shipment.shipmentId });
    }
    case 'failed':
      return emit(shipmentFailed, { ...step, reason: answer.reason });
    case 'cancelled':
      return emit(shipmentCancelled, step);
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(answer.reason);
  }
};
