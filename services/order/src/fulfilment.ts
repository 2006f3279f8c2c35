import { send } from '@emporium/bus';
import {
  authorisePayment,
  cancelShipment,
  capturePayment,
  commitReservation,
  type Data,
  dispatchOrder,
  type Money,
  type OrderLine,
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
import { pivot, type SagaDefinition, saga, step } from '@emporium/saga';

/** The data that the commands of an order's saga are created from. */
export interface Fulfilment {
  readonly orderId: string;
  readonly customerId: string;
  readonly lines: readonly OrderLine[];
  readonly total: Money;
  readonly paymentToken: string;
}

/** The time for the reply of each step, and the retries of commands that must succeed. */
export interface FulfilmentDeadlines {
  readonly stepMs: number;
  readonly dispatchMs: number;
  readonly attempts: number;
  readonly retryDelayMs: number;
}

interface FulfilmentOptions extends FulfilmentDeadlines {
  /** See `ORDER_COMMAND_VERSION`. */
  readonly sendsOlderVersion?: boolean;
}

/**
 * The saga of an order: reserve, authorise, dispatch (the pivot), commit, capture. Until the dispatch, a refusal or a passed deadline
 * cancels the order and compensates its steps; after it, the order only goes forward.
 */
export const createFulfilment = ({
  stepMs,
  dispatchMs,
  attempts,
  retryDelayMs,
  sendsOlderVersion = false,
}: FulfilmentOptions): SagaDefinition<Fulfilment> => {
  const reserve = step('reserve', {
    command: ({ orderId, lines }: Fulfilment) => send(reserveStock, { orderId, lines: [...lines] }),
    success: stockReserved,
    failure: stockRejected,
    reason: ({ reason, missing }) => ({
      code: reason === 'out-of-stock' || reason === 'unknown-sku' ? 'out-of-stock' : 'timed-out',
      text: missing.length > 0 ? sentenceOf(missing) : `the reservation was refused: ${reason}`,
    }),
    compensate: ({ orderId }) => send(releaseStock, { orderId }),
    compensated: stockReleased,
    timeoutMs: stepMs,
  });

  const authorise = step('authorise', {
    command: ({ orderId, total, paymentToken }: Fulfilment) =>
      send(authorisePayment, { orderId, total, paymentToken }),
    success: paymentAuthorised,
    failure: paymentDeclined,
    reason: ({ reason }) => ({
      code: reason === 'expired' ? 'timed-out' : 'payment-declined',
      text: reason,
    }),
    compensate: ({ orderId }) => send(voidPayment, { orderId }),
    compensated: paymentVoided,
    timeoutMs: stepMs,
  });

  const dispatch = step('dispatch', {
    command: ({ orderId, customerId, lines }: Fulfilment) =>
      send(dispatchOrder, { orderId, customerId, lines: [...lines] }),
    success: shipmentDispatched,
    failure: shipmentFailed,
    reason: ({ reason }) => ({ code: reason === 'expired' ? 'timed-out' : 'shipping-failed', text: reason }),
    mayHappenTwice: true, // who resolves it has seen that this very shipment is on its way
    timeoutMs: dispatchMs,
  });

  const commit = step('commit', {
    command: ({ orderId }: Fulfilment) => send(commitReservation, { orderId }),
    success: stockCommitted,
    mayHappenTwice: true,
    timeoutMs: stepMs,
  });

  const capture = step('capture', {
    command: ({ orderId }: Fulfilment) => send(capturePayment, { orderId }),
    success: paymentCaptured,
    failure: paymentCaptureFailed,
    reason: ({ reason }) => ({ code: 'capture-failed', text: reason }),
    withdraw: ({ orderId }) => send(voidPayment, { orderId }), // so that nothing stays on hold, and no late command captures it
    timeoutMs: stepMs,
  });

  return saga('fulfilment', {
    steps: [
      reserve,
      authorise,
      pivot(dispatch, {
        cancel: ({ orderId }) => send(cancelShipment, { orderId }),
        cancelled: shipmentCancelled,
      }),
      commit,
      capture,
    ],
    idOf: ({ orderId }) => String(orderId),
    attempts,
    retryDelayMs,
    sendsOlderVersion,
  });
};

type Missing = Data<typeof stockRejected>['missing'][number];

/** An order has up to 100 lines, and a reason at most 500 characters. */
const maxNamed = 5;

const sentenceOf = (missing: readonly Missing[]): string => {
  const named = missing
    .slice(0, maxNamed)
    .map(({ sku, requested, available }) => `${sku}: ${requested} wanted, ${available} left`);
  const others = missing.length - named.length;
  return [...named, ...(others === 0 ? [] : [`and ${others} more`])].join('; ');
};
