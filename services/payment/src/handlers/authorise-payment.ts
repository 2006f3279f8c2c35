import { authorisePayment } from '@emporium/contracts';
import { beginAuthorisation, expireAuthorisation, recordAuthorisation } from '../domain/authorisation.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { authorisationKey } from './keys.ts';
import { callOrReply, reply } from './reply.ts';

export const onAuthorisePayment = (provider: PaymentProvider) =>
  callOutside(authorisePayment, payments, {
    idempotencyKey: ({ data }) => authorisationKey(data.orderId),
    before: ({ data }, payment) =>
      callOrReply(data.orderId, beginAuthorisation(payment, { total: data.total, token: data.paymentToken })),
    call: (request, { message, idempotencyKey: key, signal }) =>
      provider.authorise({ ...request, reference: message.data.orderId, key, signal }),
    after: ({ data }, payment, { response }) => reply(data.orderId, recordAuthorisation(payment, response)),
    expired: ({ data }, payment) => reply(data.orderId, expireAuthorisation(payment)),
  });
