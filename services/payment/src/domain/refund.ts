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
 * captured. A refund that the provider refuses stays recorded, since the order requests it again.
 */
export const beginRefund = (
  payment: Payment,
  { refundId, amount }: { readonly refundId: string; readonly amount: Money },
): BeforeCall<RefundRequest> => {
  const declined = (reason: string) => ({ reply: { kind: 'refund-declined', refundId, reason } }) as const;
  if (payment.status !== 'captured' && payment.status !== 'refunded')
    return declined(`the payment is ${statusOf(payment)}`);
  const known = refundsOf(payment).find((refund) => refund.refundId === refundId);
  if (known?.isCancelled === true) return declined('the refund was cancelled');
  if (known !== undefined && !isSame(known.amount, amount))
    return { reply: { kind: 'impossible', reason: `refund ${refundId} has another amount` } };
  if (known?.isDone === true) return { reply: { kind: 'refunded', refundId, amount } };
  const request = { authorisationId: payment.authorisationId, amount };
  if (known !== undefined) return { request };
  const { currency } = payment.total;
  if (amount.currency !== currency) return declined(`the payment is in ${currency}`);
  if (amount.amount > leftOf(payment)) return declined(`only ${leftOf(payment)} ${currency} are left`);
  return { request, change: { payment: withRefund(payment, { refundId, amount, isDone: false }) } };
};

export const recordRefund = (
  payment: Payment,
  { refundId, amount }: { readonly refundId: string; readonly amount: Money },
  { authorisationId }: RefundRequest,
  outcome: RefundOutcome,
): PaymentDecision => {
  if (outcome.kind === 'refused')
    return { reply: { kind: 'refund-declined', refundId, reason: outcome.reason } };
  const reply = { kind: 'refunded', refundId, amount } as const;
  if (payment.status !== 'captured' && payment.status !== 'refunded') return { reply };
  return {
    reply,
    change: {
      payment: withRefund(payment, { refundId, amount, isDone: true }),
      entries: [{ entry: 'refunded', authorisationId, amount, refundId }],
    },
  };
};

/**
 * Withdraws a refund. Its call to the provider may be in progress: if that succeeds after all it counts as refunded, and the provider
 * itself refuses what exceeds the captured amount. One that is unknown leaves a tombstone, which declines the refund when it comes.
 */
export const cancelRefund = (payment: Payment, refundId: string): PaymentDecision => {
  const reply = { kind: 'none' } as const;
  if (payment.status !== 'captured' && payment.status !== 'refunded') return { reply };
  const nothing = { ...payment.total, amount: 0 };
  const { amount, isDone } = refundsOf(payment).find((refund) => refund.refundId === refundId) ?? {
    ...{ amount: nothing, isDone: false },
  };
  if (isDone) return { reply: { kind: 'refunded', refundId, amount } };
  return { reply, change: { payment: withRefund(payment, { refundId, amount, isDone, isCancelled: true }) } };
};

/** The refund of version 2 of the command, which has no id. */
const whole = '';

/** Version 2 refunds the whole captured amount: impossible after a refund of a part. */
export const beginWholeRefund = (payment: Payment): BeforeCall<RefundRequest> => {
  if (payment.status !== 'captured' && payment.status !== 'refunded')
    return { reply: { kind: 'impossible', reason: `the payment is ${statusOf(payment)}` } };
  const { total } = payment;
  if (withoutCancelled(refundsOf(payment)).some(({ refundId }) => refundId !== whole))
    return { reply: { kind: 'impossible', reason: 'a part of the payment is refunded: use version 3' } };
  const result = beginRefund(payment, { refundId: whole, amount: total });
  return 'reply' in result ? { reply: { kind: 'refunded-whole', total } } : result;
};

export const recordWholeRefund = (payment: Payment, request: RefundRequest): PaymentDecision => {
  const { amount } = request;
  const { change } = recordRefund(payment, { refundId: whole, amount }, request, { kind: 'refunded' });
  return { reply: { kind: 'refunded-whole', total: amount }, ...(change === undefined ? {} : { change }) };
};

/** Payments that were refunded by earlier releases have no list of refunds: all of it was refunded. */
const refundsOf = ({ status, total, refunds }: Captured | Refunded): readonly Refund[] =>
  refunds ?? (status === 'refunded' ? [{ refundId: whole, amount: total, isDone: true }] : []);

const sumOf = (refunds: readonly Refund[]): number =>
  withoutCancelled(refunds).reduce((sum, { amount }) => sum + amount.amount, 0);

const withoutCancelled = (refunds: readonly Refund[]): readonly Refund[] =>
  refunds.filter(({ isCancelled }) => isCancelled !== true);

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
