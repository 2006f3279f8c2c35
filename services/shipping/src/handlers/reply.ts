import { type Effects, emit, permanent } from '@emporium/bus';
import { shipmentCancelled, shipmentDispatched, shipmentFailed } from '@emporium/contracts';
import type { Answer } from '../domain/shipment.ts';

export interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

/** The event that tells the asker; it carries the step that asked. */
export const reply = ({ orderId, stepId }: Step, answer: Answer): Effects => {
  const step = { orderId, stepId };
  switch (answer.kind) {
    case 'dispatched': {
      const { kind: _, ...shipment } = answer;
      // One fact, one id, however often it is the answer: who has heard of it hears nothing new.
      return emit(shipmentDispatched, { ...step, ...shipment }, { id: shipment.shipmentId });
    }
    case 'failed':
      return emit(shipmentFailed, { ...step, reason: answer.reason });
    case 'cancelled':
      return emit(shipmentCancelled, step);
    case 'silence':
      return undefined;
    case 'impossible':
      throw permanent(answer.why);
  }
};
