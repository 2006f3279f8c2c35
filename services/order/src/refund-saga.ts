import { send } from '@emporium/bus';
import {
  cancelRefund,
  type Money,
  type OrderLine,
  paymentRefundDeclined,
  paymentRefunded,
  refundPayment,
  returnStock,
  stockReturned,
} from '@emporium/contracts';
import { type SagaDefinition, saga, step } from '@emporium/saga';
import type { FulfilmentDeadlines } from './fulfilment.ts';

/** The data that the commands of a refund's saga are created from. */
export interface RefundSubject {
  readonly orderId: string;
  /** Also the id of the saga. */
  readonly refundId: string;
  readonly amount: Money;
  readonly lines: readonly OrderLine[];
  readonly restock: boolean;
}

/**
 * The saga of a refund: refund, return. It was decided with the request, so it only goes forward: what is refused is tried again, and
 * then waits for a person. The money comes first, so that no stock returns for a refund that is never paid.
 */
export const createRefundSaga = ({
  stepMs,
  attempts,
  retryDelayMs,
}: Omit<FulfilmentDeadlines, 'dispatchMs'>): SagaDefinition<RefundSubject> => {
  const refund = step('refund', {
    command: ({ orderId, refundId, amount }: RefundSubject) =>
      send(refundPayment, { orderId, refundId, amount }),
    success: paymentRefunded,
    failure: paymentRefundDeclined,
    reason: ({ reason }) => ({ code: 'refund-declined', text: reason }),
    withdraw: ({ orderId, refundId }) => send(cancelRefund, { orderId, refundId }),
    timeoutMs: stepMs,
  });

  const giveBack = step('return', {
    when: ({ restock }: RefundSubject) => restock,
    command: ({ orderId, refundId, lines }) => send(returnStock, { orderId, refundId, lines: [...lines] }),
    success: stockReturned,
    timeoutMs: stepMs,
  });

  return saga('refund', {
    steps: [refund, giveBack],
    idOf: ({ refundId }) => String(refundId),
    attempts,
    retryDelayMs,
  });
};
