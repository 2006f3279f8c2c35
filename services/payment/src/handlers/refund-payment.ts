import { refundPayment } from '@emporium/contracts';
import { beginRefund, recordRefund } from '../domain/refund.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { callOrReply, reply } from './reply.ts';

export const onRefundPayment = (provider: PaymentProvider) =>
  callOutside(refundPayment, payments, {
    idempotencyKey: ({ data }) => `${data.orderId}/refund`,
    before: ({ data }, payment) => callOrReply(data.orderId, beginRefund(payment)),
    call: ({ authorisationId, total }, { idempotencyKey: key, signal }) =>
      provider.refund({ key, authorisationId, total, signal }),
    after: ({ data }, _, { request }) => reply(data.orderId, recordRefund(request)),
  });
