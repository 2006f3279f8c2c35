import type { Money } from '@emporium/contracts';
import type { BeforeCall, Payment, PaymentDecision, Reply } from './payment.ts';

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
): BeforeCall<AuthorisationRequest> => {
  switch (payment.status) {
    case 'none':
      return { request, change: { payment: { status: 'authorising', ...request } } };
    case 'authorising':
      return { request: { total: payment.total, token: payment.token } };
    default:
      return { reply: replyOf(payment) };
  }
};

/** If the payment was voided meanwhile, the command is declined: the void releases the authorisation at the provider too. */
export const recordAuthorisation = (payment: Payment, outcome: AuthorisationOutcome): PaymentDecision => {
  if (payment.status !== 'authorising') return { reply: replyOf(payment) };
  if (outcome.kind === 'declined') {
    const declined: Payment = { status: 'declined', reason: outcome.reason };
    return { reply: replyOf(declined), change: { payment: declined } };
  }
  const { total, token } = payment;
  const { authorisationId } = outcome;
  const authorised: Payment = { status: 'authorised', total, token, authorisationId, isRenewed: false };
  return {
    reply: replyOf(authorised),
    change: { payment: authorised, entries: [{ entry: 'authorised', authorisationId, amount: total }] },
  };
};

/**
 * Declines a command that has expired. If the provider may have been called there is no reply, since a decline would mean
 * that no money is held; the saga has timed out too, and its void resolves the payment.
 */
export const expireAuthorisation = (payment: Payment): PaymentDecision => {
  if (payment.status !== 'none') return { reply: replyOf(payment) };
  const declined: Payment = { status: 'declined', reason: 'expired' };
  return { reply: replyOf(declined), change: { payment: declined } };
};

const replyOf = (payment: Payment): Reply => {
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
