import { ask, type Intent, known, type Payment, type Settlement } from './payment.ts';

/** The authorisation that we know of, if we do: one that the provider has to let go of. */
export interface VoidRequest {
  readonly authorisationId?: string;
}

/** Which authorisations the provider let go of; none where nobody had authorised. */
export interface VoidOutcome {
  readonly authorisationIds: readonly string[];
}

/** The payment of an order that nobody asked to authorise: it refuses the authorisation that comes late. */
export const tombstone: Payment = { status: 'voiding' };

/** Of a payment that exists by now; with what it becomes, so that no authorisation begins any more. */
export const intendVoid = (
  payment: Payment,
): { readonly intent: Intent<VoidRequest>; readonly payment?: Payment } => {
  switch (payment.status) {
    case 'authorising':
      return { intent: ask({}), payment: { status: 'voiding', total: payment.total } };
    case 'authorised': {
      const { total, authorisationId } = payment;
      return { intent: ask({ authorisationId }), payment: { status: 'voiding', total, authorisationId } };
    }
    case 'voiding': {
      const { authorisationId } = payment;
      return { intent: ask(authorisationId === undefined ? {} : { authorisationId }) };
    }
    case 'declined':
    case 'voided':
      return { intent: known({ kind: 'voided' }) };
    case 'captured':
    case 'refunded':
      return { intent: known({ kind: 'impossible', why: `the payment is ${payment.status}` }) };
  }
};

export const settleVoid = (payment: Payment, { authorisationIds }: VoidOutcome): Settlement => {
  if (payment.status !== 'voiding') return { answer: { kind: 'voided' } };
  const { total, authorisationId: knownId } = payment;
  const ids = new Set([...(knownId === undefined ? [] : [knownId]), ...authorisationIds]);
  const entries =
    total === undefined
      ? []
      : [...ids].flatMap((authorisationId) =>
          // Both: what was authorised may have been so without our hearing of it.
          (['authorised', 'voided'] as const).map((entry) => ({ entry, authorisationId, amount: total })),
        );
  return { answer: { kind: 'voided' }, payment: { status: 'voided' }, entries };
};
