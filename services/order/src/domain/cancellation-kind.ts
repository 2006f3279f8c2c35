import type { Cancellation } from '@emporium/contracts';

/** Whether an order ended as it should in this case, or because something did not work. */
export type CancellationKind = 'business' | 'technical';

/** The service level objective counts technical cancellations as failures. */
const kinds: Readonly<Record<Cancellation, CancellationKind>> = {
  'out-of-stock': 'business',
  'payment-declined': 'business',
  /** The carrier has refused the parcel, for its address for example. */
  'shipping-failed': 'business',
  'customer-request': 'business',
  'timed-out': 'technical',
};

export const cancellationKind = (cancellation: Cancellation): CancellationKind => kinds[cancellation];
