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

  const reserve = (step: Step, isExpired: boolean): SagaInput => {
    if (holdings.stock === 'none') set({ stock: isExpired || refuses('reserve') ? 'rejected' : 'reserved' });
    return holdings.stock === 'reserved' || holdings.stock === 'committed'
      ? replied(stockReserved, step)
      : replied(stockRejected, { ...step, reason: isExpired ? 'expired' : 'out-of-stock', missing: [] });
  };
  const release = (step: Step): SagaInput => {
    if (holdings.stock === 'committed') throw new Error('sold stock was to be released');
    if (holdings.stock !== 'rejected') set({ stock: 'released' });
    return replied(stockReleased, step);
  };
  const commit = (step: Step): SagaInput => {
    if (holdings.stock !== 'reserved' && holdings.stock !== 'committed')
      throw new Error(`stock that is ${holdings.stock} was to be sold`);
    set({ stock: 'committed' });
    return replied(stockCommitted, step);
  };
  const authorise = (step: Step, isExpired: boolean): SagaInput => {
    if (holdings.payment === 'none')
      set({ payment: isExpired || refuses('authorise') ? 'declined' : 'authorised' });
    return holdings.payment === 'authorised' || holdings.payment === 'captured'
      ? replied(paymentAuthorised, { ...step, total })
      : replied(paymentDeclined, { ...step, reason: holdings.payment });
  };
  const takeBack = (step: Step): SagaInput => {
    if (holdings.payment === 'captured') throw new Error('captured money was to be voided');
    if (holdings.payment !== 'declined') set({ payment: 'voided' });
    return replied(paymentVoided, step);
  };
  const capture = (step: Step): SagaInput => {
    if (holdings.payment === 'captured') return replied(paymentCaptured, { ...step, total });
    if (holdings.payment !== 'authorised' || refuses('capture'))
      return replied(paymentCaptureFailed, { ...step, reason: `the payment is ${holdings.payment}` });
    set({ payment: 'captured', captures: holdings.captures + 1 });
    return replied(paymentCaptured, { ...step, total });
  };
  const shipped = (step: Step): SagaInput =>
    replied(shipmentDispatched, { ...step, customerId, shipmentId: orderId, trackingNumber: 'T1' });
  const dispatch = (step: Step, isExpired: boolean): SagaInput => {
    if (holdings.shipment === 'none')
      set({ shipment: isExpired || refuses('dispatch') ? 'failed' : 'dispatched' });
    return holdings.shipment === 'dispatched'
      ? shipped(step)
      : replied(shipmentFailed, { ...step, reason: holdings.shipment });
  };
  const stop = (step: Step): SagaInput => {
    if (holdings.shipment === 'dispatched') return shipped(step);
    set({ shipment: 'cancelled' });
    return replied(shipmentCancelled, step);
  };

  const answers = new Map<Request['contract'], (step: Step, isExpired: boolean) => SagaInput>([
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
    answer: ({ contract, data, options }: Request, now: Date): SagaInput => {
      const answer = answers.get(contract);
      if (answer === undefined) throw new Error(`nobody answers ${contract.type}`);
      const isExpired = options?.expiry !== undefined && options.expiry <= now;
      return answer({ orderId, stepId: String(data['stepId']) }, isExpired);
    },
  };
};

interface Step {
  readonly orderId: string;
  readonly stepId: string;
}
