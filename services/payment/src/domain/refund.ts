import { ask, type Captured, type Intent, known, type Payment, type Settlement } from './payment.ts';

export const intendRefund = (payment: Payment | undefined): Intent<Captured> => {
  switch (payment?.status) {
    case 'captured':
      return ask(payment);
    case 'refunded':
      return known({ kind: 'refunded', total: payment.total });
    default:
      return known({ kind: 'impossible', why: `the payment is ${payment?.status ?? 'unknown'}` });
  }
};

export const settleRefund = ({ total, authorisationId }: Captured): Settlement => ({
  answer: { kind: 'refunded', total },
  payment: { status: 'refunded', total, authorisationId },
  entries: [{ entry: 'refunded', authorisationId, amount: total }],
});
