import { refundPayment2 } from '@emporium/contracts';
import { beginWholeRefund, recordWholeRefund } from '../domain/refund.ts';
import { paymentErrors } from '../errors.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { wholeRefundKey } from './keys.ts';
import { callOrReply, reply } from './reply.ts';

/** Versions 1 and 2 have no failure reply: a refused refund is retried, and finally dead-lettered. */
export const onRefundWholePayment = (provider: PaymentProvider) =>
  callOutside(refundPayment2, payments, {
    idempotencyKey: ({ data }) => wholeRefundKey(data.orderId),
    before: ({ data }, payment) => callOrReply(data.orderId, beginWholeRefund(payment)),
    call: async (request, { idempotencyKey: key, signal }) => {
      const outcome = await provider.refund({ key, ...request, signal });
      if (outcome.kind === 'refused') throw paymentErrors.refund_refused({ reason: outcome.reason });
    },
    after: ({ data }, payment, { request }) => reply(data.orderId, recordWholeRefund(payment, request)),
  });
