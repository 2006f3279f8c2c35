import type { Money } from '@emporium/contracts';
import { type Answer, ask, type Intent, known, type Payment, type Settlement } from './payment.ts';

export interface AuthorisationRequest {
  readonly total: Money;
  readonly token: string;
}

export type AuthorisationOutcome =
  | { readonly kind: 'approved'; readonly authorisationId: string }
  | { readonly kind: 'declined'; readonly reason: string };

/** The payment of an order that is seen for the first time. */
export const newPayment = ({ total, token }: AuthorisationRequest): Payment => ({
  status: 'authorising',
  total,
  token,
});

/** Of a payment that exists by now. */
export const intendAuthorisation = (payment: Payment): Intent<AuthorisationRequest> =>
  payment.status === 'authorising'
    ? ask({ total: payment.total, token: payment.token })
    : known(answerOf(payment));

/** An authorisation that finds its payment voided is declined: the void has reached the provider too, or is about to. */
export const settleAuthorisation = (payment: Payment, outcome: AuthorisationOutcome): Settlement => {
  switch (payment.status) {
    case 'authorising': {
      if (outcome.kind === 'declined') {
        const declined: Payment = { status: 'declined', reason: outcome.reason };
        return { answer: answerOf(declined), payment: declined };
      }
      const { total, token } = payment;
      const { authorisationId } = outcome;
      const authorised: Payment = { status: 'authorised', total, token, authorisationId, isRenewed: false };
      return {
        answer: answerOf(authorised),
        payment: authorised,
        entries: [{ entry: 'authorised', authorisationId, amount: total }],
      };
    }
    default:
      return { answer: answerOf(payment) };
  }
};

/** The payment of an order whose authorisation is asked for too late, seen for the first time. */
export const expiredPayment: Payment = { status: 'declined', reason: 'expired' };

/**
 * What an authorisation that has expired is answered. When the provider may have been asked, nothing: a refusal would say
 * that no money is held. The asker's own deadline has passed as well, and its void settles it.
 */
export const expireAuthorisation = (payment: Payment): Answer =>
  payment.status === 'authorising' ? { kind: 'silence' } : answerOf(payment);

const answerOf = (payment: Payment): Answer => {
  switch (payment.status) {
    case 'authorising':
      return { kind: 'silence' };
    case 'authorised':
    case 'captured':
    case 'refunded':
      return { kind: 'authorised', total: payment.total };
    case 'declined':
      return { kind: 'declined', reason: payment.reason };
    case 'voiding':
    case 'voided':
      return { kind: 'declined', reason: 'voided' };
  }
};
