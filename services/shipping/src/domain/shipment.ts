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
  /** The carrier was asked, or is about to be; what it says is not known. */
  | ({ readonly status: 'dispatching' } & Dispatch)
  | Dispatched
  | ({ readonly status: 'delivered'; readonly deliveredAt: string } & Dispatch & Parcel)
  /** Also of what came too late to be asked. */
  | { readonly status: 'failed'; readonly reason: string }
  /** The carrier was asked to cancel, or is about to be. With the dispatch where one was begun. */
  | { readonly status: 'cancelling'; readonly dispatch?: Dispatch }
  | { readonly status: 'cancelled' };

export type Dispatched = { readonly status: 'dispatched' } & Dispatch & Parcel;

/** What the asker is told. */
export type Answer =
  | ({ readonly kind: 'dispatched'; readonly trackingNumber: string } & Dispatch)
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' }
  /** Another answer settles it. */
  | { readonly kind: 'silence' }
  /** Nothing that can be answered: whoever asked this has lost track. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Before the carrier is asked: what to ask of it, or what is known without. */
export type Intent<Ask> =
  | { readonly kind: 'ask'; readonly ask: Ask }
  | { readonly kind: 'known'; readonly answer: Answer };

export const ask = <Ask>(asked: Ask): Intent<Ask> => ({ kind: 'ask', ask: asked });
export const known = (answer: Answer): Intent<never> => ({ kind: 'known', answer });

/** After the carrier has answered. */
export interface Settlement {
  readonly answer: Answer;
  /** Left out where nothing changes. */
  readonly shipment?: Shipment;
}

export const wasDispatched = ({ customerId, shipmentId, trackingNumber }: Dispatch & Parcel): Answer => ({
  kind: 'dispatched',
  customerId,
  shipmentId,
  trackingNumber,
});
