import type { Dispatch, Parcel, Shipment } from './shipment.ts';

export type Delivery =
  | { readonly kind: 'delivered'; readonly change: Extract<Shipment, { status: 'delivered' }> }
  /** A repeated report. */
  | { readonly kind: 'known'; readonly change?: never }
  /** The report arrived before our own commit, or is about an unknown parcel. */
  | { readonly kind: 'not-dispatched'; readonly change?: never };

/** Applies the carrier's report of a delivery. `at` is an RFC 3339 timestamp. */
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
