export interface Dispatch {
  readonly customerId: string;
  /** Our id; the carrier has its own. */
  readonly shipmentId: string;
}

export interface Parcel {
  readonly carrierId: string;
  readonly trackingNumber: string;
}

/** The shipment of one order. */
export type Shipment =
  /** No command has arrived. */
  | { readonly status: 'none' }
  /** The call to the carrier is about to be made, or its result is unknown. */
  | ({ readonly status: 'dispatching' } & Dispatch)
  | Dispatched
  | ({ readonly status: 'delivered'; readonly deliveredAt: string } & Dispatch & Parcel)
  /** Refused by the carrier, or because the command had expired. */
  | { readonly status: 'failed'; readonly reason: string }
  /** A cancellation is in progress. `dispatch` is set if one was begun. */
  | { readonly status: 'cancelling'; readonly dispatch?: Dispatch }
  | { readonly status: 'cancelled' };

export type Dispatched = { readonly status: 'dispatched' } & Dispatch & Parcel;

/** The reply to a command. */
export type Reply =
  | ({ readonly kind: 'dispatched'; readonly trackingNumber: string } & Dispatch)
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' }
  /** No reply: the reply to another command resolves the shipment. */
  | { readonly kind: 'none' }
  /** The command can never succeed in this state, and has no failure reply. It is dead-lettered. */
  | { readonly kind: 'impossible'; readonly reason: string };

/** The request to the carrier, or the decision if no call is needed. */
export type BeforeCall<Request> =
  | { readonly request: Request; readonly change?: Shipment }
  | ShipmentDecision;

export interface ShipmentDecision {
  readonly reply: Reply;
  /** The new state; left out if nothing changes. */
  readonly change?: Shipment;
}

export const dispatchedReply = ({ customerId, shipmentId, trackingNumber }: Dispatch & Parcel): Reply => ({
  kind: 'dispatched',
  customerId,
  shipmentId,
  trackingNumber,
});
