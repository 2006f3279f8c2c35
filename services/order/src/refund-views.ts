import { money, orderLine } from '@emporium/contracts';
import { z } from 'zod';
import type { Order } from './domain/order.ts';
import type { OrderStream } from './store/orders.ts';

export const refundStatus = z.enum(['in-progress', 'parked', 'refunded', 'abandoned']);

/** A refund as its customer sees it. */
export const customerRefund = z.object({
  refundId: z.string(),
  status: refundStatus,
  amount: money,
  lines: z.array(orderLine),
});

/** A refund as an administrator sees it. */
export const refundView = customerRefund.extend({
  restock: z.boolean(),
  reason: z.string(),
  requestedAt: z.string(),
  refundedAt: z.string().optional(),
  byHand: z.array(z.string()).describe('The steps that a person did outside of the system'),
  /** What it waits for, while it is parked. */
  parked: z.object({ step: z.string(), reason: z.string() }).optional(),
});
type RefundView = z.output<typeof refundView>;

type Placed = Exclude<Order, { readonly status: 'none' }>;

/** The refunds of an order with their times, the oldest first. */
export const viewRefunds = ({ refunds }: Placed, { events }: OrderStream): RefundView[] => {
  const timeOf = (refundId: string, type: 'refund-requested' | 'refunded') =>
    events.find(({ event }) => event.type === type && event.refundId === refundId)?.at.toISOString();
  return refunds.map((refund) => {
    const { refundId, status, amount, lines, restock, reason, byHand } = refund;
    const refundedAt = timeOf(refundId, 'refunded');
    return {
      ...{ refundId, status, amount, lines: [...lines], restock, reason },
      requestedAt: timeOf(refundId, 'refund-requested') ?? '',
      byHand: [...byHand],
      ...(refundedAt === undefined ? {} : { refundedAt }),
      ...(refund.status === 'parked' ? { parked: refund.parked } : {}),
    };
  });
};
