import { catalogue } from '@emporium/bus';

/** Voids, and refunds of version 2, have no failure reply. They are retried and finally dead-lettered. */
export const paymentErrors = catalogue('payment', {
  void_refused: { settle: 'retry', message: 'The payment provider refused the void' },
  void_unknown: {
    settle: 'retry',
    message: 'The payment provider did not void the expected authorisation',
  },
  capture_not_shown: {
    settle: 'retry',
    message: 'The payment provider reports a captured authorisation, and does not list it',
  },
  refund_refused: { settle: 'retry', message: 'The payment provider refused the refund' },
});
