import { type Order, type OrderEvent, shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import { atAnOrderSince } from '../history.ts';
import { done, notDone, ordersSince, type Reader, reading } from '../reading.ts';

export const checks: Readonly<Record<string, Check>> = {
  'order-completed': reading(async (reader) => {
    const orders = await ordersSince(reader, reader.begunAt);
    if (orders.length === 0) return notDone('No order has been placed yet.');
    const completed = orders.filter(({ status }) => status === 'completed');
    if (completed.length === 0) return notDone('The order is not completed yet.');
    for (const { orderId } of completed) {
      const pieces = piecesOf(await reader.read<Order>(`/api/orders/${orderId}`));
      if (pieces >= 2) return done(`Order ${shortId(orderId)} is completed, with ${pieces} pieces.`);
    }
    return notDone('The order has one piece only: place one with two.');
  }),

  'piece-refunded': reading(async (reader) => {
    const found = await refunded(reader, 1);
    if (found === undefined) return notDone('No order of this lesson was refunded yet.');
    const { orderId, requested } = found;
    return done(
      `Order ${shortId(orderId)}: version ${requested.version} is your refund, because: ${requested.data['reason']}`,
    );
  }),

  'past-stands': reading(async (reader) => {
    const found = await refunded(reader, 2);
    if (found === undefined) return notDone('No order of this lesson was refunded twice yet.');
    const { orderId, requested } = found;
    const version = requested.version - 1;
    const then = await reader.read<Order>(`/api/orders/${orderId}?version=${version}`);
    const at = `at version ${version} of order ${shortId(orderId)}`;
    return then.refunded.amount === 0
      ? done(`It was refunded twice by now; ${at} nothing was given back.`)
      : notDone(`Something was given back already ${at}.`);
  }),
};

const piecesOf = ({ lines }: Order): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

interface Refunded {
  readonly orderId: string;
  /** The first request of a refund. */
  readonly requested: OrderEvent;
}

/** An order of the lesson that was refunded so often. */
const refunded = (reader: Reader, times: number): Promise<Refunded | undefined> =>
  atAnOrderSince(reader, reader.begunAt, ({ orderId }, events) => {
    const requested = events.find(({ type }) => type === 'refund-requested');
    const count = events.filter(({ type }) => type === 'refunded').length;
    return requested === undefined || count < times ? undefined : { orderId, requested };
  });
