import {
  type BeforeCall,
  type Dispatch,
  type Dispatched,
  dispatchedReply,
  type Parcel,
  type Reply,
  type Shipment,
  type ShipmentDecision,
} from './shipment.ts';

export type DispatchOutcome =
  | { readonly kind: 'dispatched'; readonly parcel: Parcel }
  | { readonly kind: 'refused'; readonly reason: string };

/** A dispatch that was begun before continues with the same shipment id. */
export const beginDispatch = (shipment: Shipment, dispatch: Dispatch): BeforeCall<Dispatch> => {
  switch (shipment.status) {
    case 'none':
      return { request: dispatch, change: { status: 'dispatching', ...dispatch } };
    case 'dispatching': {
      const { customerId, shipmentId } = shipment;
      return { request: { customerId, shipmentId } };
    }
    default:
      return { reply: replyOf(shipment) };
  }
};

/** A dispatched parcel cannot be taken back, so the shipment becomes dispatched even if a cancellation was requested meanwhile. */
export const recordDispatch = (
  shipment: Shipment,
  dispatch: Dispatch,
  outcome: DispatchOutcome,
): ShipmentDecision => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { reply: dispatchedReply(shipment) };
  if (outcome.kind === 'dispatched') {
    const dispatched: Dispatched = { status: 'dispatched', ...dispatch, ...outcome.parcel };
    return { reply: dispatchedReply(dispatched), change: dispatched };
  }
  if (shipment.status !== 'dispatching') return { reply: { kind: 'failed', reason: outcome.reason } };
  const failed: Shipment = { status: 'failed', reason: outcome.reason };
  return { reply: replyOf(failed), change: failed };
};

/**
 * Fails a command that has expired. If the carrier may have been called there is no reply, since a failure would mean that
 * nothing was dispatched; the saga has timed out too, and its cancellation resolves the shipment.
 */
export const expireDispatch = (shipment: Shipment): ShipmentDecision => {
  if (shipment.status !== 'none') return { reply: replyOf(shipment) };
  const failed: Shipment = { status: 'failed', reason: 'expired' };
  return { reply: replyOf(failed), change: failed };
};

const replyOf = (shipment: Shipment): Reply => {
  switch (shipment.status) {
    case 'none':
    case 'dispatching':
      return { kind: 'none' };
    case 'dispatched':
    case 'delivered':
      return dispatchedReply(shipment);
    case 'failed':
      return { kind: 'failed', reason: shipment.reason };
    case 'cancelling':
      // If a dispatch was begun, the reply to the cancellation reports the result.
      return shipment.dispatch === undefined ? cancelled : { kind: 'none' };
    case 'cancelled':
      return cancelled;
  }
};

const cancelled: Reply = { kind: 'failed', reason: 'cancelled' };
