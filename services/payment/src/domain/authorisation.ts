import type { Money } from '@emporium/contracts';
import type { Answer, Beginning, Payment, Settlement } from './payment.ts';

export interface AuthorisationRequest {
  readonly total: Money;
  readonly token: string;
}

export type AuthorisationOutcome =
  | { readonly kind: 'approved'; readonly authorisationId: string }
  | { readonly kind: 'declined'; readonly reason: string };

export const beginAuthorisation = (
  payment: Payment,
  request: AuthorisationRequest,
): Beginning<AuthorisationRequest> => {
  switch (payment.status) {
    case 'none':
      return { request, change: { payment: { status: 'authorising', ...request } } };
    case 'authorising':
      return { request: { total: payment.total, token: payment.token } };
    default:
      return { answer: answerOf(payment) };
  }
};

/** An authorisation that finds its payment voided is declined: the void has reached the provider too, or is about to. */
export const recordAuthorisation = (payment: Payment, outcome: AuthorisationOutcome): Settlement => {
  if (payment.status !== 'authorising') return { answer: answerOf(payment) };
  if (outcome.kind === 'declined') {
    const declined: Payment = { status: 'declined', reason: outcome.reason };
    return { answer: answerOf(declined), change: { payment: declined } };
  }
  const { total, token } = payment;
  const { authorisationId } = outcome;
  const authorised: Payment = { status: 'authorised', total, token, authorisationId, isRenewed: false };
  return {
    answer: answerOf(authorised),
    change: { payment: authorised, entries: [{ entry: 'authorised', authorisationId, amount: total }] },
  };
};

/**
 * An authorisation that was asked for too late. When the provider may have been called it has no answer: a refusal would say
 * that no money is held. The saga's own deadline has passed as well, and its void settles it.
 */
export const expireAuthorisation = (payment: Payment): Settlement => {
  if (payment.status !== 'none') return { answer: answerOf(payment) };
  const declined: Payment = { status: 'declined', reason: 'expired' };
  return { answer: answerOf(declined), change: { payment: declined } };
};

const answerOf = (payment: Payment): Answer => {
  switch (payment.status) {
    case 'none':
    case 'authorising':
      return { kind: 'none' };
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
