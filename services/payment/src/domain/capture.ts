import type { Money } from '@emporium/contracts';
import { ask, type Intent, known, type LedgerEntry, type Payment, type Settlement } from './payment.ts';

export interface CaptureRequest {
  readonly authorisationId: string;
  readonly total: Money;
  /** To authorise once more with, when the authorisation has expired; left out when that was done before. */
  readonly renewWith?: string;
}

export type CaptureOutcome = {
  /** The second authorisation, when there is one. */
  readonly renewedAs?: string;
} & ({ readonly kind: 'captured' } | { readonly kind: 'refused'; readonly reason: string });

export const intendCapture = (payment: Payment | undefined): Intent<CaptureRequest> => {
  switch (payment?.status) {
    case 'authorised': {
      const { authorisationId, total, token, isRenewed } = payment;
      return ask({ authorisationId, total, ...(isRenewed ? {} : { renewWith: token }) });
    }
    case 'captured':
    case 'refunded':
      return known({ kind: 'captured', total: payment.total });
    default:
      return known({ kind: 'capture-failed', reason: `the payment is ${payment?.status ?? 'unknown'}` });
  }
};

export const settleCapture = (
  payment: Payment,
  { total, ...request }: CaptureRequest,
  outcome: CaptureOutcome,
): Settlement => {
  const authorisationId = outcome.renewedAs ?? request.authorisationId;
  if (outcome.kind === 'captured') {
    const captured: Payment = { status: 'captured', total, authorisationId };
    const isKnown = payment.status === 'captured' || payment.status === 'refunded';
    return {
      answer: { kind: 'captured', total },
      ...(isKnown ? {} : { payment: captured }),
      entries: [
        ...renewal(request.authorisationId, outcome.renewedAs, total),
        { entry: 'captured', authorisationId, amount: total },
      ],
    };
  }
  return {
    answer: { kind: 'capture-failed', reason: outcome.reason },
    ...(payment.status === 'authorised' && outcome.renewedAs !== undefined
      ? { payment: { ...payment, authorisationId, isRenewed: true } }
      : {}),
    entries: renewal(request.authorisationId, outcome.renewedAs, total),
  };
};

const renewal = (expired: string, renewedAs: string | undefined, amount: Money): LedgerEntry[] =>
  renewedAs === undefined
    ? []
    : [
        { entry: 'expired', authorisationId: expired, amount },
        { entry: 'authorised', authorisationId: renewedAs, amount },
      ];
