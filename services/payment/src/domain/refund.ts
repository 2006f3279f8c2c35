import { type BeforeCall, type Captured, type Payment, type PaymentDecision, statusOf } from './payment.ts';

export const beginRefund = (payment: Payment): BeforeCall<Captured> => {
  switch (payment.status) {
    case 'captured':
      return { request: payment };
    case 'refunded':
      return { reply: { kind: 'refunded', total: payment.total } };
    default:
      return { reply: { kind: 'impossible', reason: `the payment is ${statusOf(payment)}` } };
  }
};

export const recordRefund = ({ total, authorisationId }: Captured): PaymentDecision => ({
  reply: { kind: 'refunded', total },
  change: {
    payment: { status: 'refunded', total, authorisationId },
    entries: [{ entry: 'refunded', authorisationId, amount: total }],
  },
});
