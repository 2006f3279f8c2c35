import { catalogue } from '@emporium/bus';

/** A void and a refund have no refusal to answer with: they are tried again, and a person sees those that keep failing. */
export const paymentErrors = catalogue('payment', {
  void_refused: { settle: 'retry', message: 'The payment provider refused to void' },
  void_unknown: {
    settle: 'retry',
    message: 'The payment provider voided, but not the authorisation that we know of',
  },
  refund_refused: { settle: 'retry', message: 'The payment provider refused to refund' },
});
