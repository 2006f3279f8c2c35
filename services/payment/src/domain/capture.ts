import type { Money } from '@emporium/contracts';
import {
  type BeforeCall,
  type LedgerEntry,
  type Payment,
  type PaymentDecision,
  statusOf,
} from './payment.ts';

export interface CaptureRequest {
  readonly authorisationId: string;
  readonly total: Money;
  /** The token to renew an expired authorisation with. Left out if it was renewed before. */
  readonly renewWith?: string;
}

export type CaptureOutcome = {
  /** The id of the renewed authorisation, if any. */
  readonly renewedAs?: string;
} & ({ readonly kind: 'captured' } | { readonly kind: 'refused'; readonly reason: string });

export const beginCapture = (payment: Payment): BeforeCall<CaptureRequest> => {
  switch (payment.status) {
    case 'authorised': {
      const { authorisationId, total, token, isRenewed } = payment;
      return { request: { authorisationId, total, ...(isRenewed ? {} : { renewWith: token }) } };
    }
    case 'captured':
    case 'refunded':
      return { reply: { kind: 'captured', total: payment.total } };
    default:
      return { reply: { kind: 'capture-failed', reason: `the payment is ${statusOf(payment)}` } };
  }
};

export const recordCapture = (
  payment: Payment,
  { total, ...request }: CaptureRequest,
  outcome: CaptureOutcome,
): PaymentDecision => {
  const authorisationId = outcome.renewedAs ?? request.authorisationId;
  const isKnown = payment.status === 'captured' || payment.status === 'refunded';
  // A void that found the capture first has recorded what became of the expired authorisation.
  const renewed = isKnown ? [] : renewal(request.authorisationId, outcome.renewedAs, total);
  if (outcome.kind === 'captured') {
    return {
      reply: { kind: 'captured', total },
      change: {
        payment: isKnown ? payment : { status: 'captured', total, authorisationId },
        entries: [...renewed, { entry: 'captured', authorisationId, amount: total }],
      },
    };
  }
  const reply = { kind: 'capture-failed', reason: outcome.reason } as const;
  if (payment.status !== 'authorised' || outcome.renewedAs === undefined) return { reply }; // a void records both authorisations
  return {
    reply,
    change: { payment: { ...payment, authorisationId, isRenewed: true }, entries: renewed },
  };
};

const renewal = (expired: string, renewedAs: string | undefined, amount: Money): LedgerEntry[] =>
  renewedAs === undefined
    ? []
    : [
        { entry: 'expired', authorisationId: expired, amount },
        { entry: 'authorised', authorisationId: renewedAs, amount },
      ];
