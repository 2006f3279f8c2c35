import { type OutsideContext, performBatch } from '@emporium/bus';
import { capturePayment } from '@emporium/contracts';
import { type CaptureOutcome, type CaptureRequest, intendCapture, settleCapture } from '../domain/capture.ts';
import type { PaymentProvider } from '../provider.ts';
import { findAll } from '../store/payments.ts';
import { type Context, conclude, unlessKnown } from './asking.ts';
import { renewalKey } from './keys.ts';

/** The step changes only after a definite refusal: a capture without an answer is repeated under the same key. */
export const onCapture = (provider: PaymentProvider) =>
  performBatch(capturePayment, {
    idempotencyKey: ({ data }) => data.stepId,
    intendBatch: async (messages, { tx }: Context) => {
      const payments = await findAll(
        tx,
        messages.map(({ data }) => data.orderId),
      );
      return messages.map(({ data }) => intendCapture(payments.get(data.orderId)));
    },
    outside: ({ data }, intent, context) =>
      unlessKnown(intent, (request) => captureOrRenew(provider, data.orderId, request, context)),
    insideBatch: (performed, context) => conclude(performed, settleCapture, context),
  });

/** An authorisation that has expired is renewed, once in the life of the order, and captured then. */
const captureOrRenew = async (
  provider: PaymentProvider,
  orderId: string,
  { authorisationId, total, renewWith }: CaptureRequest,
  { idempotencyKey, signal }: OutsideContext,
): Promise<CaptureOutcome> => {
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
