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

/** The answer as an event; the step that it belongs to comes from the context. */
export const reply = (orderId: string, { answer, change }: Settlement): Decision<PaymentChange> => ({
  change,
  effects: eventOf(orderId, answer),
});

const eventOf = (orderId: string, answer: Answer): Effects => {
  switch (answer.kind) {
    case 'authorised':
      return emit(paymentAuthorised, { orderId, total: answer.total });
    case 'declined':
      return emit(paymentDeclined, { orderId, reason: answer.reason });
    case 'captured':
      return emit(paymentCaptured, { orderId, total: answer.total });
    case 'capture-failed':
      return emit(paymentCaptureFailed, { orderId, reason: answer.reason });
    case 'voided':
      return emit(paymentVoided, { orderId });
    case 'refunded':
      return emit(paymentRefunded, { orderId, total: answer.total });
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(answer.reason);
  }
};

/** The request to make, or the answer where none is needed. */
export const beginOrReply = <Request>(
  orderId: string,
  beginning: Beginning<Request>,
): Before<Request, PaymentChange> => ('answer' in beginning ? reply(orderId, beginning) : beginning);
