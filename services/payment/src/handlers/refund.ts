import { perform } from '@emporium/bus';
import { refundPayment } from '@emporium/contracts';
import { intendRefund, settleRefund } from '../domain/refund.ts';
import type { PaymentProvider } from '../provider.ts';
import { find } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';

export const onRefund = (provider: PaymentProvider) =>
  perform(refundPayment, {
    idempotencyKey: ({ data }) => `${data.orderId}/refund`,
    intend: async ({ data }, { tx }: Context) => intendRefund(await find(tx, data.orderId)),
    outside: (_, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, ({ authorisationId, total }) =>
        provider.refund({ key, authorisationId, total, signal }),
      ),
    inside: ({ data }, asked, context) =>
      conclude(data, asked, (_, captured) => settleRefund(captured), context),
  });
