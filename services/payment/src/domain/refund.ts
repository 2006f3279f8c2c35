import { type Beginning, type Captured, type Payment, type Settlement, statusOf } from './payment.ts';

export const beginRefund = (payment: Payment): Beginning<Captured> => {
  switch (payment.status) {
    case 'captured':
      return { request: payment };
    case 'refunded':
      return { answer: { kind: 'refunded', total: payment.total } };
    default:
      return { answer: { kind: 'impossible', reason: `the payment is ${statusOf(payment)}` } };
  }
};

export const recordRefund = ({ total, authorisationId }: Captured): Settlement => ({
  answer: { kind: 'refunded', total },
  change: {
    payment: { status: 'refunded', total, authorisationId },
    entries: [{ entry: 'refunded', authorisationId, amount: total }],
  },
});
