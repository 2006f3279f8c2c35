/** What a dispatch was begun with. */
export interface Dispatch {
  readonly customerId: string;
  /** Ours; the carrier has its own. */
  readonly shipmentId: string;
}

/** What the carrier calls it. */
export interface Parcel {
  readonly carrierId: string;
  readonly trackingNumber: string;
}

/** The shipment of one order. */
export type Shipment =
  /** Nobody has asked for it. */
  | { readonly status: 'none' }
  /** The carrier was called, or is about to be; what it says is not known. */
  | ({ readonly status: 'dispatching' } & Dispatch)
  | Dispatched
  | ({ readonly status: 'delivered'; readonly deliveredAt: string } & Dispatch & Parcel)
  /** Also of what came too late. */
  | { readonly status: 'failed'; readonly reason: string }
  /** The carrier was called to cancel, or is about to be. With the dispatch where one was begun. */
  | { readonly status: 'cancelling'; readonly dispatch?: Dispatch }
  | { readonly status: 'cancelled' };

export type Dispatched = { readonly status: 'dispatched' } & Dispatch & Parcel;

/** What a command is answered. */
export type Answer =
  | ({ readonly kind: 'dispatched'; readonly trackingNumber: string } & Dispatch)
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' }
  /** None: another answer settles it. */
  | { readonly kind: 'none' }
  /** The sender has lost track: there is nothing that could be answered. */
  | { readonly kind: 'impossible'; readonly reason: string };

/** Before the carrier is called: the request to make, or the answer without one. */
export type Beginning<Request> =
  | { readonly request: Request; readonly change?: Shipment }
  | { readonly answer: Answer; readonly change?: Shipment };

/** After the carrier has answered, or where it is not asked. */
export interface Settlement {
  readonly answer: Answer;
  /** What becomes of the shipment; left out where nothing changes. */
  readonly change?: Shipment;
}

export const wasDispatched = ({ customerId, shipmentId, trackingNumber }: Dispatch & Parcel): Answer => ({
  kind: 'dispatched',
  customerId,
  shipmentId,
  trackingNumber,
});
