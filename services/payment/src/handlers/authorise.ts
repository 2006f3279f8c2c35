import { performBatch } from '@emporium/bus';
import { authorisePayment } from '@emporium/contracts';
import {
  expireAuthorisation,
  expiredPayment,
  intendAuthorisation,
  newPayment,
  settleAuthorisation,
} from '../domain/authorisation.ts';
import type { PaymentProvider } from '../provider.ts';
import { enterAll, paymentOf } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { authorisationKey } from './keys.ts';
import { reply } from './reply.ts';

export const onAuthorise = (provider: PaymentProvider) =>
  performBatch(authorisePayment, {
    idempotencyKey: ({ data }) => authorisationKey(data.orderId),
    intendBatch: async (messages, { tx }: Context) => {
      const initial = messages.map(
        ({ data: { orderId, total, paymentToken: token } }) =>
          [orderId, newPayment({ total, token })] as const,
      );
      const payments = await enterAll(tx, new Map(initial));
      return messages.map(({ data }) => intendAuthorisation(paymentOf(payments, data.orderId)));
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, (asked) => provider.authorise({ ...asked, reference: data.orderId, key, signal })),
    insideBatch: (performed, context) =>
      conclude(performed, (payment, _, outcome) => settleAuthorisation(payment, outcome), context),
    expired: async ({ data }, { tx }) => {
      const payments = await enterAll(tx, new Map([[data.orderId, expiredPayment]]));
      return reply(data, expireAuthorisation(paymentOf(payments, data.orderId)));
    },
  });
