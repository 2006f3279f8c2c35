import { catalogue } from '@emporium/bus';

/** A cancellation has no refusal to answer with: it is tried again, and a person sees one that keeps failing. */
export const shippingErrors = catalogue('shipping', {
  cancellation_refused: { settle: 'retry', message: 'The carrier refused to cancel' },
  parcel_not_shown: { settle: 'retry', message: 'The carrier has dispatched, and does not show what' },
});
