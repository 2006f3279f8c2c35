import {
  ask,
  type Dispatched,
  type Intent,
  known,
  type Parcel,
  type Settlement,
  type Shipment,
  wasDispatched,
} from './shipment.ts';

export type CancellationOutcome =
  | { readonly kind: 'cancelled' }
  /** It was too late. */
  | { readonly kind: 'dispatched'; readonly parcel: Parcel };

/** The shipment of an order that nobody asked to dispatch: it refuses the dispatch that comes late. */
export const tombstone: Shipment = { status: 'cancelling' };

/** Of a shipment that exists by now; with what it becomes, so that no dispatch begins any more. */
export const intendCancellation = (
  shipment: Shipment,
): { readonly intent: Intent<undefined>; readonly shipment?: Shipment } => {
  switch (shipment.status) {
    case 'dispatching': {
      const { customerId, shipmentId } = shipment;
      const dispatch = { customerId, shipmentId };
      return { intent: ask(undefined), shipment: { status: 'cancelling', dispatch } };
    }
    case 'cancelling':
      return { intent: ask(undefined) };
    case 'dispatched':
    case 'delivered':
      return { intent: known(wasDispatched(shipment)) };
    case 'failed':
    case 'cancelled':
      return { intent: known({ kind: 'cancelled' }) };
  }
};

export const settleCancellation = (shipment: Shipment, outcome: CancellationOutcome): Settlement => {
  if (shipment.status === 'dispatched' || shipment.status === 'delivered')
    return { answer: wasDispatched(shipment) };
  if (outcome.kind === 'cancelled')
    return { answer: { kind: 'cancelled' }, shipment: { status: 'cancelled' } };
  if (shipment.status !== 'cancelling' || shipment.dispatch === undefined) {
    return { answer: { kind: 'impossible', why: 'the carrier has a parcel that was never handed to it' } };
  }
  const dispatched: Dispatched = { status: 'dispatched', ...shipment.dispatch, ...outcome.parcel };
  return { answer: wasDispatched(dispatched), shipment: dispatched };
};
