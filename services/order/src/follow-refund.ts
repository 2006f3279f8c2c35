import { type Effects, permanent } from '@emporium/bus';
import type { SagaChange, SagaFact } from '@emporium/saga';
import { paired, type Tx } from '@emporium/store';
import type { OrderCommand } from './domain/order.ts';
import type { RefundSubject } from './refund-saga.ts';
import { decideOrder, orders } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';

/** Turns each fact of a refund's saga into a command to its order, in the transaction of the saga's transition. */
export const followRefund = async (
  changes: readonly SagaChange<RefundSubject>[],
  tx: Tx<OrderTables>,
  now: Date,
): Promise<readonly Effects[]> => {
  const items = changes.map((change) => ({ ...change, data: { orderId: change.state.subject.orderId } }));
  const withFacts = items.filter(({ facts }) => facts.length > 0);
  const decided = await orders.decideAll({ tx, now }, withFacts, ({ data, state, facts, cause }, { order }) =>
    decideOrder(
      data.orderId,
      order,
      facts.map((fact) => refundCommandOf(state.id, fact)),
      cause,
    ),
  );
  const followed = new Map(paired(withFacts, decided));
  return items.map((item) => followed.get(item)?.followed);
};

/** The command that records a fact of a refund's saga. */
export const refundCommandOf = (refundId: string, fact: SagaFact): OrderCommand => {
  switch (fact.fact) {
    case 'step-done':
      return { type: 'record-refund-step', refundId, step: fact.step, outcome: 'done' };
    case 'step-refused':
      return {
        type: 'record-refund-step',
        refundId,
        step: fact.step,
        outcome: 'refused',
        reason: fact.reason,
      };
    case 'step-done-by-hand':
      return { type: 'record-refund-step', refundId, step: fact.step, outcome: 'done-by-hand' };
    case 'abandoned':
      return { type: 'abandon-refund', refundId };
    case 'completed':
      return { type: 'complete-refund', refundId };
    case 'parked':
      return { type: 'park-refund', refundId, step: fact.step, reason: fact.reason };
    case 'resumed':
      return { type: 'resume-refund', refundId };
    case 'step-timed-out':
    case 'step-undone':
    case 'step-undone-by-hand':
    case 'compensating':
    case 'cancelled':
      throw permanent(`refund ${refundId}: ${fact.fact} in a saga that only goes forward`);
  }
};
