import { perform } from '@emporium/bus';
import { authorisePayment } from '@emporium/contracts';
import {
  expireAuthorisation,
  expiredPayment,
  intendAuthorisation,
  newPayment,
  settleAuthorisation,
} from '../domain/authorisation.ts';
import type { PaymentProvider } from '../provider.ts';
import { enter } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { authorisationKey } from './keys.ts';
import { reply } from './reply.ts';

export const onAuthorise = (provider: PaymentProvider) =>
  perform(authorisePayment, {
    idempotencyKey: ({ data }) => authorisationKey(data.orderId),
    intend: async ({ data }, { tx }: Context) => {
      const { orderId, total, paymentToken: token } = data;
      return intendAuthorisation(await enter(tx, orderId, newPayment({ total, token })));
    },
    outside: ({ data }, intent, { idempotencyKey: key, signal }) =>
      unlessKnown(intent, (asked) => provider.authorise({ ...asked, reference: data.orderId, key, signal })),
    inside: ({ data }, asked, context) =>
      conclude(data, asked, (payment, _, outcome) => settleAuthorisation(payment, outcome), context),
    expired: async ({ data }, { tx }) =>
      reply(data, expireAuthorisation(await enter(tx, data.orderId, expiredPayment))),
  });
