import {
  type Answer,
  ask,
  type Dispatch,
  type Dispatched,
  type Intent,
  known,
  type Parcel,
  type Settlement,
  type Shipment,
  wasDispatched,
} from './shipment.ts';

export type DispatchOutcome =
  | { readonly kind: 'dispatched'; readonly parcel: Parcel }
  | { readonly kind: 'refused'; readonly reason: string };

/** The shipment of an order that is seen for the first time. */
export const newShipment = (dispatch: Dispatch): Shipment => ({ status: 'dispatching', ...dispatch });

/** Of a shipment that exists by now. */
export const intendDispatch = (shipment: Shipment): Intent<Dispatch> => {
  if (shipment.status !== 'dispatching') return known(answerOf(shipment));
  const { customerId, shipmentId } = shipment;
  return ask({ customerId, shipmentId });
};

/** A parcel that has left has left, whatever was asked meanwhile: a cancellation finds it dispatched, at the carrier too. */
export const settleDispatch = (
  shipment: Shipment,
  dispatch: Dispatch,
  outcome: DispatchOutcome,
): Settlement => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { answer: wasDispatched(shipment) };
  if (outcome.kind === 'dispatched') {
    const dispatched: Dispatched = { status: 'dispatched', ...dispatch, ...outcome.parcel };
    return { answer: wasDispatched(dispatched), shipment: dispatched };
  }
  if (shipment.status !== 'dispatching') return { answer: { kind: 'failed', reason: outcome.reason } };
  const failed: Shipment = { status: 'failed', reason: outcome.reason };
  return { answer: answerOf(failed), shipment: failed };
};

/** The shipment of an order whose dispatch is asked for too late, seen for the first time. */
export const expiredShipment: Shipment = { status: 'failed', reason: 'expired' };

/**
 * What a dispatch that has expired is answered. When the carrier may have been asked, nothing: a refusal would say that no
 * parcel is on its way. The asker's own deadline has passed as well, and its cancellation settles it.
 */
export const expireDispatch = (shipment: Shipment): Answer => answerOf(shipment);

const answerOf = (shipment: Shipment): Answer => {
  switch (shipment.status) {
    case 'dispatching':
      return { kind: 'silence' };
    case 'dispatched':
    case 'delivered':
      return wasDispatched(shipment);
    case 'failed':
      return { kind: 'failed', reason: shipment.reason };
    case 'cancelling':
      // Where a dispatch was begun, the answer to the cancellation says what became of it.
      return shipment.dispatch === undefined ? cancelled : { kind: 'silence' };
    case 'cancelled':
      return cancelled;
  }
};

const cancelled: Answer = { kind: 'failed', reason: 'cancelled' };
