import { voidPayment } from '@emporium/contracts';
import type { CallContext } from '@emporium/store';
import { beginVoid, recordVoid, type VoidOutcome, type VoidRequest } from '../domain/void.ts';
import { paymentErrors } from '../errors.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { authorisationKey, renewalKey } from './keys.ts';
import { callOrReply, reply } from './reply.ts';

export const onVoidPayment = (provider: PaymentProvider) =>
  callOutside(voidPayment, payments, {
    idempotencyKey: ({ data }) => `${data.orderId}/void`,
    before: ({ data }, payment) => callOrReply(data.orderId, beginVoid(payment)),
    call: (request, context) => voidAll(provider, request, context),
    after: ({ data }, payment, { response }) => reply(data.orderId, recordVoid(payment, response)),
  });

/** Voids the authorisation and the renewal by their keys, so that the provider also declines one that is still in progress. */
const voidAll = async (
  provider: PaymentProvider,
  { authorisationId: knownId }: VoidRequest,
  { message, idempotencyKey, signal }: CallContext<typeof voidPayment>,
): Promise<VoidOutcome> => {
  const { orderId } = message.data;
  const results = await Promise.all(
    [authorisationKey(orderId), renewalKey(orderId)].map((authorisation) =>
      provider.void({
        key: `${idempotencyKey}/${authorisation}`,
        reference: orderId,
        authorisationKey: authorisation,
        signal,
      }),
    ),
  );
  const ids = results.map(({ authorisationId }) => authorisationId).filter((id) => id !== undefined);
  // If the provider does not return the known authorisation, the money may still be held.
  if (knownId !== undefined && !ids.includes(knownId)) throw paymentErrors.void_unknown();
  const capturedId = results.find(({ kind }) => kind === 'captured')?.authorisationId;
  return {
    authorisationIds: ids.filter((id) => id !== capturedId),
    ...(capturedId === undefined ? {} : { capturedId }),
  };
};
