import {
  type BeforeCall,
  type Dispatched,
  dispatchedReply,
  type Parcel,
  type Shipment,
  type ShipmentDecision,
} from './shipment.ts';

export type CancellationOutcome =
  | { readonly kind: 'cancelled' }
  /** The parcel had been dispatched before. */
  | { readonly kind: 'dispatched'; readonly parcel: Parcel };

/** Prevents any later dispatch. For an order without a shipment this leaves a tombstone. */
export const beginCancellation = (shipment: Shipment): BeforeCall<'cancel'> => {
  switch (shipment.status) {
    case 'none':
      return { request: 'cancel', change: { status: 'cancelling' } };
    case 'dispatching': {
      const { customerId, shipmentId } = shipment;
      return { request: 'cancel', change: { status: 'cancelling', dispatch: { customerId, shipmentId } } };
    }
    case 'cancelling':
      return { request: 'cancel' };
    case 'dispatched':
    case 'delivered':
      return { reply: dispatchedReply(shipment) };
    case 'failed':
    case 'cancelled':
      return { reply: { kind: 'cancelled' } };
  }
};

export const recordCancellation = (shipment: Shipment, outcome: CancellationOutcome): ShipmentDecision => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { reply: dispatchedReply(shipment) };
  if (outcome.kind === 'cancelled') return { reply: { kind: 'cancelled' }, change: { status: 'cancelled' } };
  if (shipment.status !== 'cancelling' || shipment.dispatch === undefined) {
    return { reply: { kind: 'impossible', reason: 'the carrier reports a parcel that we did not dispatch' } };
  }
  const dispatched: Dispatched = { status: 'dispatched', ...shipment.dispatch, ...outcome.parcel };
  return { reply: dispatchedReply(dispatched), change: dispatched };
};
