import type { Money } from '@emporium/contracts';
import {
  type BeforeCall,
  type Captured,
  type Payment,
  type PaymentDecision,
  type Refund,
  type Refunded,
  statusOf,
} from './payment.ts';

export interface RefundRequest {
  readonly authorisationId: string;
  readonly amount: Money;
}

export type RefundOutcome =
  | { readonly kind: 'refunded' }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Records the refund before the provider is called: what was refunded and what is being refunded are never more than what was
 * captured. A refund that the provider refuses stays recorded, since the order requests it again. One that was cancelled while its
 * result was unknown is requested again, too, under the same key: it may have been paid, and then it counts.
 */
export const beginRefund = (
  payment: Payment,
  { refundId, amount }: { readonly refundId: string; readonly amount: Money },
): BeforeCall<RefundRequest> => {
  const declined = (reason: string) => ({ reply: { kind: 'refund-declined', refundId, reason } }) as const;
  if (!isCaptured(payment)) return declined(`the payment is ${statusOf(payment)}`);
  const known = refundOf(payment, refundId);
  if (known !== undefined && isWithdrawn(known)) return declined('the refund was cancelled');
  if (known !== undefined && !isSame(known.amount, amount))
    return { reply: { kind: 'impossible', reason: `refund ${refundId} has another amount` } };
  if (known?.isDone === true) return { reply: { kind: 'refunded', refundId, amount } };
  const request = { authorisationId: payment.authorisationId, amount };
  if (known?.isUnpaid === true)
    return { request, change: { payment: withRefund(payment, { refundId, amount, isDone: false }) } };
  if (known !== undefined) return { request };
  const { currency } = payment.total;
  if (amount.currency !== currency) return declined(`the payment is in ${currency}`);
  if (amount.amount > leftOf(payment))
    return declined(`only ${leftOf(payment)} ${currency} are left${whyReserved(payment)}`);
  return { request, change: { payment: withRefund(payment, { refundId, amount, isDone: false }) } };
};

export const recordRefund = (
  payment: Payment,
  { refundId, amount }: { readonly refundId: string; readonly amount: Money },
  { authorisationId }: RefundRequest,
  outcome: RefundOutcome,
): PaymentDecision => {
  if (outcome.kind === 'refused') {
    const refused = { reply: { kind: 'refund-declined', refundId, reason: outcome.reason } } as const;
    const known = refundOf(payment, refundId);
    if (!isCaptured(payment) || known === undefined || known.isDone) return refused;
    return { ...refused, change: { payment: withRefund(payment, { ...known, isUnpaid: true }) } };
  }
  const reply = { kind: 'refunded', refundId, amount } as const;
  if (!isCaptured(payment)) return { reply };
  return {
    reply,
    change: {
      payment: withRefund(payment, { refundId, amount, isDone: true }),
      entries: [{ entry: 'refunded', authorisationId, amount, refundId }],
    },
  };
};

/**
 * Withdraws a refund. Its amount is free once it is certain that the provider has not paid it: when it was refused, or never
 * requested; one that is unknown leaves a tombstone. Otherwise the result counts when it is known, whichever it is.
 */
export const cancelRefund = (payment: Payment, refundId: string): PaymentDecision => {
  const reply = { kind: 'none' } as const;
  if (!isCaptured(payment)) return { reply };
  const nothing = { ...payment.total, amount: 0 };
  const unknown: Refund = { refundId, amount: nothing, isDone: false, isUnpaid: true };
  const refund = refundOf(payment, refundId) ?? unknown;
  if (refund.isDone) return { reply: { kind: 'refunded', refundId, amount: refund.amount } };
  return { reply, change: { payment: withRefund(payment, { ...refund, isCancelled: true }) } };
};

/** The refund of version 2 of the command, which has no id. */
const whole = '';

/** Version 2 refunds the whole captured amount: impossible after a refund of a part. */
export const beginWholeRefund = (payment: Payment): BeforeCall<RefundRequest> => {
  if (!isCaptured(payment))
    return { reply: { kind: 'impossible', reason: `the payment is ${statusOf(payment)}` } };
  const { total } = payment;
  if (withoutWithdrawn(refundsOf(payment)).some(({ refundId }) => refundId !== whole))
    return { reply: { kind: 'impossible', reason: 'a part of the payment is refunded: use version 3' } };
  const result = beginRefund(payment, { refundId: whole, amount: total });
  return 'reply' in result ? { reply: { kind: 'refunded-whole', total } } : result;
};

export const recordWholeRefund = (payment: Payment, request: RefundRequest): PaymentDecision => {
  const { amount } = request;
  const { change } = recordRefund(payment, { refundId: whole, amount }, request, { kind: 'refunded' });
  return { reply: { kind: 'refunded-whole', total: amount }, ...(change === undefined ? {} : { change }) };
};

const isCaptured = (payment: Payment): payment is Captured | Refunded =>
  payment.status === 'captured' || payment.status === 'refunded';

const refundOf = (payment: Payment, refundId: string): Refund | undefined =>
  isCaptured(payment) ? refundsOf(payment).find((refund) => refund.refundId === refundId) : undefined;

/** Payments that were refunded by earlier releases have no list of refunds: all of it was refunded. */
const refundsOf = ({ status, total, refunds }: Captured | Refunded): readonly Refund[] =>
  refunds ?? (status === 'refunded' ? [{ refundId: whole, amount: total, isDone: true }] : []);

const sumOf = (refunds: readonly Refund[]): number =>
  withoutWithdrawn(refunds).reduce((sum, { amount }) => sum + amount.amount, 0);

const withoutWithdrawn = (refunds: readonly Refund[]): readonly Refund[] =>
  refunds.filter((refund) => !isWithdrawn(refund));

/** Cancelled, and certainly not paid. */
const isWithdrawn = ({ isCancelled, isUnpaid }: Refund): boolean => isCancelled === true && isUnpaid === true;

/** Names the refunds that were cancelled, and whose amount is not free. */
const whyReserved = (payment: Captured | Refunded): string => {
  const unclear = refundsOf(payment).filter(({ isCancelled, isUnpaid }) => isCancelled && isUnpaid !== true);
  const ids = unclear.map(({ refundId }) => refundId).slice(0, maxNamed);
  return ids.length === 0
    ? ''
    : `, and it is not known whether the cancelled refund ${ids.join(', ')} was paid`;
};

/** A reason has at most 500 characters. */
const maxNamed = 3;

const leftOf = (payment: Captured | Refunded): number => payment.total.amount - sumOf(refundsOf(payment));

const isSame = (one: Money, other: Money): boolean =>
  one.amount === other.amount && one.currency === other.currency;

/** Adds the refund, or replaces the one with its id. */
const withRefund = (payment: Captured | Refunded, refund: Refund): Captured | Refunded => {
  const { total, authorisationId } = payment;
  const others = refundsOf(payment).filter(({ refundId }) => refundId !== refund.refundId);
  const refunds = [...others, refund];
  const isAll = sumOf(refunds.filter(({ isDone }) => isDone)) >= total.amount;
  return { status: isAll ? 'refunded' : 'captured', total, authorisationId, refunds };
};
