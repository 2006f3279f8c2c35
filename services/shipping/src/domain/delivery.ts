import type { Dispatch, Parcel, Shipment } from './shipment.ts';

export type Delivery =
  | { readonly kind: 'delivered'; readonly change: Extract<Shipment, { status: 'delivered' }> }
  /** We know of it. */
  | { readonly kind: 'known'; readonly change?: never }
  /** The carrier is ahead of our own commit, or reports what we never gave it: in the end it is one or the other. */
  | { readonly kind: 'not-dispatched'; readonly change?: never };

/** What the carrier's report of a delivery means for the shipment. `at` is RFC 3339. */
export const deliver = (
  shipment: Shipment,
  { carrierId, at }: { readonly carrierId: string; readonly at: string },
): Delivery => {
  if (shipment.status !== 'dispatched' && shipment.status !== 'delivered') return { kind: 'not-dispatched' };
  if (shipment.carrierId !== carrierId) return { kind: 'not-dispatched' };
  if (shipment.status === 'delivered') return { kind: 'known' };
  const { status: _, ...parcel }: { status: string } & Dispatch & Parcel = shipment;
  return { kind: 'delivered', change: { status: 'delivered', ...parcel, deliveredAt: at } };
};
