import type { Beginning, LedgerEntry, Payment, Settlement } from './payment.ts';

/** The authorisation that we know of, if we do: one that the provider has to let go of. */
export interface VoidRequest {
  readonly authorisationId?: string;
}

/** Which authorisations the provider let go of; none where nobody had authorised. */
export interface VoidOutcome {
  readonly authorisationIds: readonly string[];
}

/** No authorisation begins any more; of an order without a payment a tombstone stays, which refuses the one that comes late. */
export const beginVoid = (payment: Payment): Beginning<VoidRequest> => {
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
      return { answer: { kind: 'voided' } };
    case 'captured':
    case 'refunded':
      return { answer: { kind: 'impossible', reason: `the payment is ${payment.status}` } };
  }
};

export const recordVoid = (payment: Payment, { authorisationIds }: VoidOutcome): Settlement => {
  const answer = { kind: 'voided' } as const;
  if (payment.status !== 'voiding') return { answer };
  const { total, authorisationId: knownId } = payment;
  const ids = new Set([...(knownId === undefined ? [] : [knownId]), ...authorisationIds]);
  const entries =
    total === undefined
      ? []
      : [...ids].flatMap((authorisationId): LedgerEntry[] =>
          // Both: what was authorised may have been so without our hearing of it.
          [
            { entry: 'authorised', authorisationId, amount: total },
            { entry: 'voided', authorisationId, amount: total },
          ],
        );
  return { answer, change: { payment: { status: 'voided' }, entries } };
};
