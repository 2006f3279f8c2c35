import type { Effect } from '@emporium/bus';
import {
  authorisePayment,
  cancelShipment,
  capturePayment,
  commitReservation,
  dispatchOrder,
  paymentAuthorised,
  paymentCaptured,
  paymentCaptureFailed,
  paymentDeclined,
  paymentVoided,
  releaseStock,
  reserveStock,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  voidPayment,
} from '@emporium/contracts';
import { replied, type SagaInput } from '@emporium/saga';
import type { Fulfilment } from '../../src/fulfilment.ts';

export type Request = Extract<Effect, { effect: 'send' }>;

/** The state of one order at the services of its saga. */
export interface ParticipantState {
  readonly stock: 'none' | 'reserved' | 'rejected' | 'released' | 'committed';
  readonly payment: 'none' | 'authorised' | 'declined' | 'voided' | 'captured';
  readonly shipment: 'none' | 'dispatched' | 'failed' | 'cancelled';
  readonly captures: number;
}

/** Whether a participant refuses a command that it may refuse. */
export type Refuses = (step: 'reserve' | 'authorise' | 'dispatch' | 'capture') => boolean;

/**
 * Inventory, payment and shipping as specified: a repeated command gets the first reply, a compensation leaves a tombstone that
 * refuses a late command, an expired command is refused.
 */
export const createParticipants = ({ orderId, customerId, total }: Fulfilment, refuses: Refuses) => {
  let state: ParticipantState = { stock: 'none', payment: 'none', shipment: 'none', captures: 0 };
  let isCapturedUnknown = false;
  const set = (change: Partial<ParticipantState>): void => {
    state = { ...state, ...change };
  };

  const reserve = (stepId: string, isExpired: boolean): SagaInput => {
    if (state.stock === 'none') set({ stock: isExpired || refuses('reserve') ? 'rejected' : 'reserved' });
    return state.stock === 'reserved' || state.stock === 'committed'
      ? replied(stockReserved, { orderId }, stepId)
      : replied(
          stockRejected,
          { orderId, reason: isExpired ? 'expired' : 'out-of-stock', missing: [] },
          stepId,
        );
  };
  const release = (stepId: string): SagaInput => {
    if (state.stock === 'committed') throw new Error('sold stock must not be released');
    if (state.stock !== 'rejected') set({ stock: 'released' });
    return replied(stockReleased, { orderId }, stepId);
  };
  const commit = (stepId: string): SagaInput => {
    if (state.stock !== 'reserved' && state.stock !== 'committed')
      throw new Error(`stock that is ${state.stock} must not be sold`);
    set({ stock: 'committed' });
    return replied(stockCommitted, { orderId }, stepId);
  };
  const authorise = (stepId: string, isExpired: boolean): SagaInput => {
    if (state.payment === 'none')
      set({ payment: isExpired || refuses('authorise') ? 'declined' : 'authorised' });
    return state.payment === 'authorised' || state.payment === 'captured'
      ? replied(paymentAuthorised, { orderId, total }, stepId)
      : replied(paymentDeclined, { orderId, reason: state.payment }, stepId);
  };
  const takeBack = (stepId: string): SagaInput => {
    if (state.payment === 'captured') throw new Error('a captured payment must not be voided');
    if (isCapturedUnknown) {
      set({ payment: 'captured' });
      return replied(paymentCaptured, { orderId, total }, stepId);
    }
    if (state.payment !== 'declined') set({ payment: 'voided' });
    return replied(paymentVoided, { orderId }, stepId);
  };
  const capture = (stepId: string): SagaInput => {
    if (state.payment === 'captured') return replied(paymentCaptured, { orderId, total }, stepId);
    if (isCapturedUnknown) {
      set({ payment: 'captured' });
      return replied(paymentCaptured, { orderId, total }, stepId);
    }
    if (state.payment !== 'authorised' || refuses('capture'))
      return replied(paymentCaptureFailed, { orderId, reason: `the payment is ${state.payment}` }, stepId);
    set({ payment: 'captured', captures: state.captures + 1 });
    return replied(paymentCaptured, { orderId, total }, stepId);
  };
  const shipped = (stepId: string): SagaInput =>
    replied(shipmentDispatched, { orderId, customerId, shipmentId: orderId, trackingNumber: 'T1' }, stepId);
  const dispatch = (stepId: string, isExpired: boolean): SagaInput => {
    if (state.shipment === 'none')
      set({ shipment: isExpired || refuses('dispatch') ? 'failed' : 'dispatched' });
    return state.shipment === 'dispatched'
      ? shipped(stepId)
      : replied(shipmentFailed, { orderId, reason: state.shipment }, stepId);
  };
  const stop = (stepId: string): SagaInput => {
    if (state.shipment === 'dispatched') return shipped(stepId);
    set({ shipment: 'cancelled' });
    return replied(shipmentCancelled, { orderId }, stepId);
  };

  const answers = new Map<Request['contract'], (stepId: string, isExpired: boolean) => SagaInput>([
    [reserveStock, reserve],
    [releaseStock, release],
    [commitReservation, commit],
    [authorisePayment, authorise],
    [voidPayment, takeBack],
    [capturePayment, capture],
    [dispatchOrder, dispatch],
    [cancelShipment, stop],
  ]);

  return {
    state: () => state,
    /** The provider captures the payment, and its answer is lost; false when there is nothing to capture. */
    captureWithoutAnswer: (): boolean => {
      if (state.payment !== 'authorised' || isCapturedUnknown) return false;
      isCapturedUnknown = true;
      set({ captures: state.captures + 1 });
      return true;
    },
    /** Carries out a command at this time, and returns the reply. */
    answer: ({ contract, options }: Request, now: Date): SagaInput => {
      const answer = answers.get(contract);
      if (answer === undefined) throw new Error(`no participant handles ${contract.type}`);
      const isExpired = options?.expiry !== undefined && options.expiry <= now;
      return answer(options?.stepId ?? '', isExpired);
    },
  };
};
