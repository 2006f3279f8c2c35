import type { BeforeCall, LedgerEntry, Payment, PaymentDecision } from './payment.ts';

export interface VoidRequest {
  /** The authorisation that the provider must release, if it is known. */
  readonly authorisationId?: string;
}

export interface VoidOutcome {
  /** The authorisations that the provider released. */
  readonly authorisationIds: readonly string[];
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

export const recordVoid = (payment: Payment, { authorisationIds }: VoidOutcome): PaymentDecision => {
  const reply = { kind: 'voided' } as const;
  if (payment.status !== 'voiding') return { reply };
  const { total, authorisationId: knownId } = payment;
  const ids = new Set([...(knownId === undefined ? [] : [knownId]), ...authorisationIds]);
  const entries =
    total === undefined
      ? []
      : [...ids].flatMap((authorisationId): LedgerEntry[] =>
          // Both entries, since the response to the authorisation may have been lost.
          [
            { entry: 'authorised', authorisationId, amount: total },
            { entry: 'voided', authorisationId, amount: total },
          ],
        );
  return { reply, change: { payment: { status: 'voided' }, entries } };
};
