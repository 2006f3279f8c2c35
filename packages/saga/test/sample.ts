import { send } from '@emporium/bus';
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
  paymentRefundDeclined,
  paymentRefunded,
  paymentVoided,
  refundPayment,
  releaseStock,
  reserveStock,
  returnStock,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
  voidPayment,
} from '@emporium/contracts';
import { pivot, saga, step } from '../src/index.ts';

export const id = '019b0000-0000-7000-8000-000000000001';
const orderId = id;
const lines = [{ sku: 'MUG-1', quantity: 1 }];
const total = { amount: 100, currency: 'EUR' };
const timeoutMs = 1_000;

/** Steps before a pivot, the pivot, and steps after it; each command is sent twice before the saga is parked. */
export const withPivot = saga<null>('with-pivot', {
  attempts: 2,
  idOf: String,
  steps: [
    step('reserve', {
      command: () => send(reserveStock, { orderId, lines }),
      ...{ success: stockReserved, failure: stockRejected, compensated: stockReleased, timeoutMs },
      compensate: () => send(releaseStock, { orderId }),
    }),
    step('authorise', {
      command: () => send(authorisePayment, { orderId, total, paymentToken: 't' }),
      ...{ success: paymentAuthorised, failure: paymentDeclined, compensated: paymentVoided, timeoutMs },
      compensate: () => send(voidPayment, { orderId }),
    }),
    pivot(
      step('dispatch', {
        command: () => send(dispatchOrder, { orderId, customerId: id, lines }),
        ...{ success: shipmentDispatched, failure: shipmentFailed, timeoutMs, mayHappenTwice: true },
      }),
      { cancel: () => send(cancelShipment, { orderId }), cancelled: shipmentCancelled },
    ),
    step('commit', {
      command: () => send(commitReservation, { orderId }),
      ...{ success: stockCommitted, timeoutMs },
    }),
    step('capture', {
      command: () => send(capturePayment, { orderId }),
      ...{ success: paymentCaptured, failure: paymentCaptureFailed, timeoutMs },
      withdraw: () => send(voidPayment, { orderId }),
    }),
  ],
});

/** A saga without a pivot. */
export const forwardOnly = saga<null>('forward-only', {
  attempts: 2,
  idOf: String,
  steps: [
    step('refund', {
      command: () => send(refundPayment, { orderId, refundId: id, amount: total }),
      ...{ success: paymentRefunded, failure: paymentRefundDeclined, timeoutMs },
    }),
    step('return', {
      command: () => send(returnStock, { orderId, refundId: id, lines }),
      ...{ success: stockReturned, timeoutMs },
    }),
  ],
});
