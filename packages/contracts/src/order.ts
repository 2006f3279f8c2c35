import { z } from 'zod';
import { cancellation, id, money, orderLine, pricedLines, reason } from './common.ts';
import { event } from './define.ts';

const owner = 'order';
const order = { orderId: id, customerId: id };

export { orderPlaced, orderPlaced1 } from './order-placed.ts';

/** Stock is reserved and the payment authorised. Only the carrier can still refuse the order. */
export const orderConfirmed = event('order.confirmed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...order, lines: pricedLines, total: money }),
});

/** The payment is captured. Final. */
export const orderCompleted = event('order.completed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...order, total: money }),
});

/** Everything is compensated. Final. */
export const orderCancelled = event('order.cancelled', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...order, cancellation, reason }),
});

/** A step or a compensation keeps failing: the order waits for an administrator. */
export const orderParked = event('order.parked', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...order, step: z.string().min(1).max(120), reason }),
});

/**
 * A part of what was captured, or all of it, was paid back after the order was completed. `amount` is this refund; `refunded` is the
 * sum of all refunds of the order, this one included, and never more than `total`. `lines` is empty when an amount was refunded.
 */
export const orderRefunded = event('order.refunded', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({
    ...order,
    refundId: id,
    amount: money,
    refunded: money,
    total: money,
    lines: z.array(orderLine).max(100),
    restocked: z.boolean(),
    reason,
  }),
});

/** A step of a refund keeps failing: the refund waits for an administrator. The order stays completed. */
export const orderRefundParked = event('order.refund-parked', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...order, refundId: id, step: z.string().min(1).max(120), reason }),
});
