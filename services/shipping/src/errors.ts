import { catalogue } from '@emporium/bus';

/** A cancellation has no failure reply. It is retried and finally dead-lettered. */
export const shippingErrors = catalogue('shipping', {
  cancellation_refused: { settle: 'retry', message: 'The carrier refused the cancellation' },
  parcel_not_shown: { settle: 'retry', message: 'The carrier has dispatched a parcel but does not list it' },
});
