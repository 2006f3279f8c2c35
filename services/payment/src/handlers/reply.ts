import { type Effects, emit, permanent } from '@emporium/bus';
import {
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefunded,
  paymentVoided,
} from '@emporium/contracts';
import type { Before, Decision } from '@emporium/store';
import type { Answer, Beginning, PaymentChange, Settlement } from '../domain/payment.ts';

/** What the replies carry back of the command. */
export interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

/** The answer as an event. */
export const reply = (step: Step, { answer, change }: Settlement): Decision<PaymentChange> => ({
  change,
  effects: eventOf(step, answer),
});

const eventOf = ({ orderId, stepId }: Step, answer: Answer): Effects => {
  const step = { orderId, stepId };
  switch (answer.kind) {
    case 'authorised':
      return emit(paymentAuthorised, { ...step, total: answer.total });
    case 'declined':
      return emit(paymentDeclined, { ...step, reason: answer.reason });
    case 'captured':
      return emit(paymentCaptured, { ...step, total: answer.total });
    case 'capture-failed':
      return emit(paymentCaptureFailed, { ...step, reason: answer.reason });
    case 'voided':
      return emit(paymentVoided, step);
    case 'refunded':
      return emit(paymentRefunded, { ...step, total: answer.total });
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(answer.reason);
  }
};

/** The request to make, or the answer where none is needed. */
export const beginOrReply = <Request>(
  step: Step,
  beginning: Beginning<Request>,
): Before<Request, PaymentChange> => ('answer' in beginning ? reply(step, beginning) : beginning);
