import type { Money } from '@emporium/contracts';
import type { BeforeCall, LedgerEntry, Payment, PaymentDecision } from './payment.ts';

export interface VoidRequest {
  /** The authorisation that the provider must release, if it is known. */
  readonly authorisationId?: string;
}

export interface VoidOutcome {
  /** The authorisations that the provider released. */
  readonly authorisationIds: readonly string[];
  /** The one that it had captured: the response to the capture was lost, and there is nothing to release. */
  readonly capturedId?: string;
}

/** Prevents any later authorisation. For an order without a payment this leaves a tombstone. */
export const beginVoid = (payment: Payment): BeforeCall<VoidRequest> => {
  switch (payment.status) {
    case 'none':
      return { request: {}, change: { payment: { status: 'voiding' } } };
    case 'authorising':
      return { request: {}, change: { payment: { status: 'voiding', total: payment.total } } };
    case 'authorised': {
      const { total, authorisationId } = payment;
      return {
        request: { authorisationId },
        change: { payment: { status: 'voiding', total, authorisationId } },
      };
    }
    case 'voiding': {
      const { authorisationId } = payment;
      return { request: authorisationId === undefined ? {} : { authorisationId } };
    }
    case 'declined':
    case 'voided':
      return { reply: { kind: 'voided' } };
    case 'captured':
    case 'refunded':
      return { reply: { kind: 'impossible', reason: `the payment is ${payment.status}` } };
  }
};

export const recordVoid = (payment: Payment, outcome: VoidOutcome): PaymentDecision => {
  const { authorisationIds, capturedId } = outcome;
  if (capturedId !== undefined) return recordCaptured(payment, authorisationIds, capturedId);
  const reply = { kind: 'voided' } as const;
  if (payment.status !== 'voiding') return { reply };
  const { total, authorisationId: knownId } = payment;
  const ids = new Set([...(knownId === undefined ? [] : [knownId]), ...authorisationIds]);
  const entries = total === undefined ? [] : [...ids].flatMap((id) => endOf('voided', id, total));
  return { reply, change: { payment: { status: 'voided' }, entries } };
};

/** The money was taken, so the payment is captured, and the reply says so. */
const recordCaptured = (
  payment: Payment,
  voidedIds: readonly string[],
  authorisationId: string,
): PaymentDecision => {
  if (payment.status === 'captured' || payment.status === 'refunded')
    return { reply: { kind: 'captured', total: payment.total } };
  if (payment.status !== 'voiding' || payment.total === undefined)
    return { reply: { kind: 'impossible', reason: `it was captured, and the payment is ${payment.status}` } };
  const { total } = payment;
  return {
    reply: { kind: 'captured', total },
    change: {
      payment: { status: 'captured', total, authorisationId },
      entries: [
        ...voidedIds.flatMap((id) => endOf('voided', id, total)),
        ...endOf('captured', authorisationId, total),
      ],
    },
  };
};

/** Both entries, since the response to the authorisation may have been lost. */
const endOf = (entry: 'voided' | 'captured', authorisationId: string, amount: Money): LedgerEntry[] => [
  { entry: 'authorised', authorisationId, amount },
  { entry, authorisationId, amount },
];
