import { type Effects, emit, permanent } from '@emporium/bus';
import {
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentRefundDeclined,
  paymentRefunded,
  paymentRefunded2,
  paymentVoided,
} from '@emporium/contracts';
import type { Before, Decision } from '@emporium/store';
import type { BeforeCall, PaymentChange, PaymentDecision, Reply } from '../domain/payment.ts';

/** Turns a decision into a change and the event that replies to the command. The saga's step id is taken from the context. */
export const reply = (orderId: string, decision: PaymentDecision): Decision<PaymentChange> => ({
  change: decision.change,
  effects: eventOf(orderId, decision.reply),
});

const eventOf = (orderId: string, reply: Reply): Effects => {
  switch (reply.kind) {
    case 'authorised':
      return emit(paymentAuthorised, { orderId, total: reply.total });
    case 'declined':
      return emit(paymentDeclined, { orderId, reason: reply.reason });
    case 'captured':
      return emit(paymentCaptured, { orderId, total: reply.total });
    case 'capture-failed':
      return emit(paymentCaptureFailed, { orderId, reason: reply.reason });
    case 'voided':
      return emit(paymentVoided, { orderId });
    case 'refunded':
      return emit(paymentRefunded, { orderId, refundId: reply.refundId, amount: reply.amount });
    case 'refund-declined':
      return emit(paymentRefundDeclined, { orderId, refundId: reply.refundId, reason: reply.reason });
    case 'refunded-whole':
      return emit(paymentRefunded2, { orderId, total: reply.total });
    case 'none':
      return undefined;
    case 'impossible':
      throw permanent(reply.reason);
  }
};

/** Returns the request for the call, or the reply if no call is needed. */
export const callOrReply = <Request>(
  orderId: string,
  result: BeforeCall<Request>,
): Before<Request, PaymentChange> => ('reply' in result ? reply(orderId, result) : result);
