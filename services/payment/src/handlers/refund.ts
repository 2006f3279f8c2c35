import { performBatch } from '@emporium/bus';
import { refundPayment } from '@emporium/contracts';
import { intendRefund, settleRefund } from '../domain/refund.ts';
import type { PaymentProvider } from '../provider.ts';
import { findAll } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';

export const onRefund = (provider: PaymentProvider) =>
  performBatch(refundPayment, {
    idempotencyKey: ({ data }) => `${data.orderId}/refund`,
    intendBatch: async (messages, { tx }: Context) => {
      const payments = await findAll(
        tx,
        messages.map(({ data }) => data.orderId),
      );
      return messages.map(({ data }) => intendRefund(payments.get(data.orderId)));
    },
    outside: (_, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, ({ authorisationId, total }) =>
        provider.refund({ key, authorisationId, total, signal }),
      ),
    insideBatch: (performed, context) =>
      conclude(performed, (_, captured) => settleRefund(captured), context),
  });
