import { type Actor, causeOf, effectList } from '@emporium/bus';
import type { Money } from '@emporium/contracts';
import { isRefused } from '@emporium/event-store';
import type { SagaRunner } from '@emporium/saga';
import type { Work } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { type OrderEvent, type OrderRefusal, orderDecider } from './domain/order.ts';
import type { RequestedRefund } from './domain/refunds.ts';
import type { RefundSubject } from './refund-saga.ts';
import { orders } from './store/orders.ts';
import type { OrderTables } from './store/tables.ts';

export type RefundOutcome =
  | { readonly kind: 'requested'; readonly refundId: string; readonly amount: Money }
  /** Nothing was written. */
  | { readonly kind: 'refused'; readonly refusal: OrderRefusal };

export interface RefundRequest extends RequestedRefund {
  readonly orderId: string;
  readonly actor: Actor;
}

/** Decides under the order's lock, and starts the saga of the refund in the same transaction. */
export const requestRefund = async (
  refunds: SagaRunner<RefundSubject, OrderTables>,
  { tx, now, context, effects }: Work<OrderTables>,
  { orderId, actor, ...requested }: RefundRequest,
): Promise<RefundOutcome> => {
  const refundId = uuid();
  const items = [{ data: { orderId } }];
  const [decided] = await orders.decideAll({ tx, now }, items, (_, { order }) => {
    const decision = orderDecider.decide({ type: 'request-refund', refundId, ...requested }, order);
    return isRefused<OrderEvent, OrderRefusal>(decision)
      ? { change: undefined, refused: decision.refused }
      : { change: { events: decision, cause: causeOf(context, actor) } };
  });
  if (decided === undefined) throw new Error('one item has one decision');
  const { decision, followed } = decided;
  if (decision.change === undefined) return { kind: 'refused', refusal: decision.refused };
  const event = decision.change.events.find(({ type }) => type === 'refund-requested');
  if (event?.type !== 'refund-requested') throw new Error('a refund that is not refused is requested');
  const { amount, lines, restock } = event;
  const subject = { orderId, refundId, amount, lines, restock };
  const begun = await refunds.begin(tx, [{ id: refundId, subject, context }], now);
  effects.push(...begun.flat(), ...effectList(followed));
  return { kind: 'requested', refundId, amount };
};
