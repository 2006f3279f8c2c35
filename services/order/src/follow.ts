import { type Effects, permanent } from '@emporium/bus';
import { type Cancellation, cancellation } from '@emporium/contracts';
import type { SagaChange, SagaFact } from '@emporium/saga';
import { paired, type Tx } from '@emporium/store';
import type { OrderCommand } from './domain/order.ts';
import type { Fulfilment } from './fulfilment.ts';
import { decideOrder, orders } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';

/** Turns each fact of the saga into a command to the order, in the transaction of the saga's transition. */
export const followSaga = async (
  changes: readonly SagaChange<Fulfilment>[],
  tx: Tx<OrderTables>,
  now: Date,
): Promise<readonly Effects[]> => {
  const items = changes.map((change) => ({ ...change, data: { orderId: change.state.id } }));
  const withFacts = items.filter(({ facts }) => facts.length > 0);
  const decided = await orders.decideAll({ tx, now }, withFacts, ({ data, facts, cause }, { order }) =>
    decideOrder(data.orderId, order, facts.map(commandOf), cause),
  );
  const followed = new Map(paired(withFacts, decided));
  return items.map((item) => followed.get(item)?.followed);
};

/** The command that records a fact of the saga. */
export const commandOf = (fact: SagaFact): OrderCommand => {
  switch (fact.fact) {
    case 'step-done':
      return { type: 'record-step', step: fact.step, outcome: 'done' };
    case 'step-refused':
      return { type: 'record-step', step: fact.step, outcome: 'refused', reason: fact.reason };
    case 'step-timed-out':
      return { type: 'record-step', step: fact.step, outcome: 'timed-out' };
    case 'step-undone':
      return { type: 'record-step', step: fact.step, outcome: 'undone' };
    case 'step-done-by-hand':
      return { type: 'record-step', step: fact.step, outcome: 'done-by-hand' };
    case 'step-undone-by-hand':
      return { type: 'record-step', step: fact.step, outcome: 'undone-by-hand' };
    case 'compensating':
      return { type: 'begin-cancellation', cancellation: codeOf(fact.reason.code), reason: fact.reason.text };
    case 'cancelled':
      return { type: 'cancel', cancellation: codeOf(fact.reason.code), reason: fact.reason.text };
    case 'completed':
      return { type: 'complete' };
    case 'parked':
      return { type: 'park', step: fact.step, reason: fact.reason };
    case 'resumed':
      return { type: 'resume' };
    case 'abandoned':
      throw permanent('only a saga without a pivot can be abandoned');
  }
};

const codeOf = (code: string): Cancellation => {
  const known = cancellation.safeParse(code);
  return known.success ? known.data : 'timed-out';
};
