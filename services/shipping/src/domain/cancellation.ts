import {
  type Beginning,
  type Dispatched,
  type Parcel,
  type Settlement,
  type Shipment,
  wasDispatched,
} from './shipment.ts';

export type CancellationOutcome =
  | { readonly kind: 'cancelled' }
  /** It was too late. */
  | { readonly kind: 'dispatched'; readonly parcel: Parcel };

/** No dispatch begins any more; of an order without a shipment a tombstone stays, which refuses the one that comes late. */
export const beginCancellation = (shipment: Shipment): Beginning<'cancel'> => {
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
      return { answer: wasDispatched(shipment) };
    case 'failed':
    case 'cancelled':
      return { answer: { kind: 'cancelled' } };
  }
};

export const recordCancellation = (shipment: Shipment, outcome: CancellationOutcome): Settlement => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { answer: wasDispatched(shipment) };
  if (outcome.kind === 'cancelled') return { answer: { kind: 'cancelled' }, change: { status: 'cancelled' } };
  if (shipment.status !== 'cancelling' || shipment.dispatch === undefined) {
    return { answer: { kind: 'impossible', reason: 'the carrier has a parcel that was never handed to it' } };
  }
  const dispatched: Dispatched = { status: 'dispatched', ...shipment.dispatch, ...outcome.parcel };
  return { answer: wasDispatched(dispatched), change: dispatched };
};
