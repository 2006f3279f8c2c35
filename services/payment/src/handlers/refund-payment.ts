import { refundPayment } from '@emporium/contracts';
import { beginRefund, recordRefund } from '../domain/refund.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { refundKey } from './keys.ts';
import { callOrReply, reply } from './reply.ts';

export const onRefundPayment = (provider: PaymentProvider) =>
  callOutside(refundPayment, payments, {
    idempotencyKey: ({ data }) => refundKey(data.orderId, data.refundId),
    before: ({ data }, payment) => callOrReply(data.orderId, beginRefund(payment, data)),
    call: (request, { idempotencyKey: key, signal }) => provider.refund({ key, ...request, signal }),
    after: ({ data }, payment, { request, response }) =>
      reply(data.orderId, recordRefund(payment, data, request, response)),
  });
