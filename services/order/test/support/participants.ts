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

/** What one order has at the services that its saga asks. */
export interface Holdings {
  readonly stock: 'none' | 'reserved' | 'rejected' | 'released' | 'committed';
  readonly payment: 'none' | 'authorised' | 'declined' | 'voided' | 'captured';
  readonly shipment: 'none' | 'dispatched' | 'failed' | 'cancelled';
  readonly captures: number;
}

/** Whether something that is free to refuse does so. */
export type Refuses = (step: 'reserve' | 'authorise' | 'dispatch' | 'capture') => boolean;

/**
 * Inventory, payment and shipping as they promise to be: a repeated command is answered as the first time, an undo leaves a
 * tombstone that refuses the original when it comes late, an expired command is refused.
 */
export const createParticipants = ({ orderId, customerId, total }: Fulfilment, refuses: Refuses) => {
  let holdings: Holdings = { stock: 'none', payment: 'none', shipment: 'none', captures: 0 };
  const set = (change: Partial<Holdings>): void => {
    holdings = { ...holdings, ...change };
  };

  const reserve = (stepId: string, isExpired: boolean): SagaInput => {
    if (holdings.stock === 'none') set({ stock: isExpired || refuses('reserve') ? 'rejected' : 'reserved' });
    return holdings.stock === 'reserved' || holdings.stock === 'committed'
      ? replied(stockReserved, { orderId }, stepId)
      : replied(
          stockRejected,
          { orderId, reason: isExpired ? 'expired' : 'out-of-stock', missing: [] },
          stepId,
        );
  };
  const release = (stepId: string): SagaInput => {
    if (holdings.stock === 'committed') throw new Error('sold stock was to be released');
    if (holdings.stock !== 'rejected') set({ stock: 'released' });
    return replied(stockReleased, { orderId }, stepId);
  };
  const commit = (stepId: string): SagaInput => {
    if (holdings.stock !== 'reserved' && holdings.stock !== 'committed')
      throw new Error(`stock that is ${holdings.stock} was to be sold`);
    set({ stock: 'committed' });
    return replied(stockCommitted, { orderId }, stepId);
  };
  const authorise = (stepId: string, isExpired: boolean): SagaInput => {
    if (holdings.payment === 'none')
      set({ payment: isExpired || refuses('authorise') ? 'declined' : 'authorised' });
    return holdings.payment === 'authorised' || holdings.payment === 'captured'
      ? replied(paymentAuthorised, { orderId, total }, stepId)
      : replied(paymentDeclined, { orderId, reason: holdings.payment }, stepId);
  };
  const takeBack = (stepId: string): SagaInput => {
    if (holdings.payment === 'captured') throw new Error('captured money was to be voided');
    if (holdings.payment !== 'declined') set({ payment: 'voided' });
    return replied(paymentVoided, { orderId }, stepId);
  };
  const capture = (stepId: string): SagaInput => {
    if (holdings.payment === 'captured') return replied(paymentCaptured, { orderId, total }, stepId);
    if (holdings.payment !== 'authorised' || refuses('capture'))
      return replied(paymentCaptureFailed, { orderId, reason: `the payment is ${holdings.payment}` }, stepId);
    set({ payment: 'captured', captures: holdings.captures + 1 });
    return replied(paymentCaptured, { orderId, total }, stepId);
  };
  const shipped = (stepId: string): SagaInput =>
    replied(shipmentDispatched, { orderId, customerId, shipmentId: orderId, trackingNumber: 'T1' }, stepId);
  const dispatch = (stepId: string, isExpired: boolean): SagaInput => {
    if (holdings.shipment === 'none')
      set({ shipment: isExpired || refuses('dispatch') ? 'failed' : 'dispatched' });
    return holdings.shipment === 'dispatched'
      ? shipped(stepId)
      : replied(shipmentFailed, { orderId, reason: holdings.shipment }, stepId);
  };
  const stop = (stepId: string): SagaInput => {
    if (holdings.shipment === 'dispatched') return shipped(stepId);
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
    holdings: () => holdings,
    /** Carries a request out at this time, and answers it. */
    answer: ({ contract, options }: Request, now: Date): SagaInput => {
      const answer = answers.get(contract);
      if (answer === undefined) throw new Error(`nobody answers ${contract.type}`);
      const isExpired = options?.expiry !== undefined && options.expiry <= now;
      return answer(options?.stepId ?? '', isExpired);
    },
  };
};
