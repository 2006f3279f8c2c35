import {
  type Answer,
  type Beginning,
  type Dispatch,
  type Dispatched,
  type Parcel,
  type Settlement,
  type Shipment,
  wasDispatched,
} from './shipment.ts';

export type DispatchOutcome =
  | { readonly kind: 'dispatched'; readonly parcel: Parcel }
  | { readonly kind: 'refused'; readonly reason: string };

/** A dispatch that was begun goes on with what it was begun with. */
export const beginDispatch = (shipment: Shipment, dispatch: Dispatch): Beginning<Dispatch> => {
  switch (shipment.status) {
    case 'none':
      return { request: dispatch, change: { status: 'dispatching', ...dispatch } };
    case 'dispatching': {
      const { customerId, shipmentId } = shipment;
      return { request: { customerId, shipmentId } };
    }
    default:
      return { answer: answerOf(shipment) };
  }
};

/** A parcel that has left has left, whatever was asked meanwhile: a cancellation finds it dispatched, at the carrier too. */
export const recordDispatch = (
  shipment: Shipment,
  dispatch: Dispatch,
  outcome: DispatchOutcome,
): Settlement => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { answer: wasDispatched(shipment) };
  if (outcome.kind === 'dispatched') {
    const dispatched: Dispatched = { status: 'dispatched', ...dispatch, ...outcome.parcel };
    return { answer: wasDispatched(dispatched), change: dispatched };
  }
  if (shipment.status !== 'dispatching') return { answer: { kind: 'failed', reason: outcome.reason } };
  const failed: Shipment = { status: 'failed', reason: outcome.reason };
  return { answer: answerOf(failed), change: failed };
};

/**
 * A dispatch that was asked for too late. When the carrier may have been called it has no answer: a refusal would say that no
 * parcel is on its way. The saga's own deadline has passed as well, and its cancellation settles it.
 */
export const expireDispatch = (shipment: Shipment): Settlement => {
  if (shipment.status !== 'none') return { answer: answerOf(shipment) };
  const failed: Shipment = { status: 'failed', reason: 'expired' };
  return { answer: answerOf(failed), change: failed };
};

const answerOf = (shipment: Shipment): Answer => {
  switch (shipment.status) {
    case 'none':
    case 'dispatching':
      return { kind: 'none' };
    case 'dispatched':
    case 'delivered':
      return wasDispatched(shipment);
    case 'failed':
      return { kind: 'failed', reason: shipment.reason };
    case 'cancelling':
      // Where a dispatch was begun, the answer to the cancellation says what became of it.
      return shipment.dispatch === undefined ? cancelled : { kind: 'none' };
    case 'cancelled':
      return cancelled;
  }
};

const cancelled: Answer = { kind: 'failed', reason: 'cancelled' };
