import { capturePayment } from '@emporium/contracts';
import type { CallContext } from '@emporium/store';
import { beginCapture, type CaptureOutcome, type CaptureRequest, recordCapture } from '../domain/capture.ts';
import type { PaymentProvider } from '../provider.ts';
import { callOutside } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { renewalKey } from './keys.ts';
import { callOrReply, reply } from './reply.ts';

/** The step id is the idempotency key: it changes only after a definite failure, so a capture with an unknown result is retried with the same key. */
export const onCapturePayment = (provider: PaymentProvider) =>
  callOutside(capturePayment, payments, {
    idempotencyKey: ({ id, stepId = id }) => stepId,
    before: ({ data }, payment) => callOrReply(data.orderId, beginCapture(payment)),
    call: (request, context) => captureOrRenew(provider, request, context),
    after: ({ data }, payment, { request, response }) =>
      reply(data.orderId, recordCapture(payment, request, response)),
  });

/** Renews an expired authorisation, at most once per order, and captures the new one. */
const captureOrRenew = async (
  provider: PaymentProvider,
  { authorisationId, total, renewWith }: CaptureRequest,
  { message, idempotencyKey, signal }: CallContext<typeof capturePayment>,
): Promise<CaptureOutcome> => {
  const { orderId } = message.data;
  const first = await provider.capture({ key: idempotencyKey, authorisationId, total, signal });
  if (first.kind !== 'expired') return first;
  if (renewWith === undefined) return { kind: 'refused', reason: 'the renewed authorisation has expired' };
  const renewal = await provider.authorise({
    key: renewalKey(orderId),
    reference: orderId,
    total,
    token: renewWith,
    signal,
  });
  if (renewal.kind === 'declined') {
    return {
      kind: 'refused',
      reason: `the authorisation has expired, its renewal was declined: ${renewal.reason}`.slice(0, 500),
    };
  }
  const renewedAs = renewal.authorisationId;
  const second = await provider.capture({
    key: `${idempotencyKey}/renewal`,
    authorisationId: renewedAs,
    total,
    signal,
  });
  return second.kind === 'expired'
    ? { kind: 'refused', reason: 'the renewed authorisation has expired', renewedAs }
    : { ...second, renewedAs };
};
