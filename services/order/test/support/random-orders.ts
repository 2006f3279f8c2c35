import { fold, isRefused } from '@emporium/event-store';
import {
  type Order,
  type OrderCommand,
  type OrderEvent,
  type OrderRefusal,
  orderDecider,
} from '../../src/domain/order.ts';

/** Mulberry32: the same numbers for the same seed, so that a failure can be reproduced. */
export const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export type Random = ReturnType<typeof randomOf>;

const skus = ['MUG-1', 'LAMP-7', 'TEA-1', 'GOLD'];
const currencies = ['EUR', 'JPY', 'KWD'];

/** A command that suits the state of the order, most of the time. */
export const randomCommand = (history: readonly OrderEvent[], random: Random): OrderCommand => {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(random() * items.length)] ?? items[0];
  const order = fold(orderDecider, history);
  if (order.status === 'none') {
    const currency = pick(['EUR', 'JPY', 'KWD', ...currencies]);
    const lines = skus.flatMap((sku) =>
      random() < 0.5
        ? [
            {
              sku,
              quantity: 1 + Math.floor(random() * 5),
              unitPrice: { amount: Math.floor(random() * 10_000), currency },
            },
          ]
        : [],
    );
    const amount = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0);
    return {
      type: 'place',
      customerId: `customer-${Math.floor(random() * 20)}`,
      lines,
      total: { amount, currency },
    };
  }
  const cancellation = { cancellation: 'out-of-stock', reason: 'none left' } as const;
  const park: OrderCommand = { type: 'park', step: pick(['capture', 'reserve']), reason: 'no answer' };
  switch (order.status) {
    case 'placed':
      return pick<OrderCommand>([
        { type: 'record-step', step: 'reserve', outcome: 'done' },
        { type: 'record-step', step: 'authorise', outcome: 'done' },
        { type: 'begin-cancellation', ...cancellation },
        { type: 'cancel', ...cancellation },
        park,
      ]);
    case 'confirmed':
      return pick<OrderCommand>([
        { type: 'complete' },
        { type: 'record-delivery' },
        { type: 'begin-cancellation', ...cancellation },
        park,
      ]);
    case 'cancelling':
      return pick<OrderCommand>([{ type: 'cancel', ...cancellation }, park]);
    case 'completed':
      return pick<OrderCommand>([
        ...refundCommands(order, random),
        { type: 'record-delivery' },
        { ...park },
        { type: 'complete' },
      ]);
    case 'needs-attention':
      return pick<OrderCommand>([{ type: 'resume' }, { type: 'begin-cancellation', ...cancellation }]);
    default: {
      const refundId = `refund-${history.length}`;
      const [open] = order.refunds.filter(({ status }) => status !== 'refunded');
      const amount = { amount: 1 + Math.floor(random() * 2_000), currency: order.total.currency };
      const lines = order.lines.slice(0, 1).map(({ sku }) => ({ sku, quantity: 1 }));
      if (open !== undefined)
        return pick<OrderCommand>([
          { type: 'complete-refund', refundId: open.refundId },
          { type: 'complete-refund', refundId: open.refundId },
          { type: 'complete-refund', refundId: open.refundId },
          { type: 'park-refund', refundId: open.refundId, step: 'refund', reason: 'refused' },
        ]);
      const pieces = { kind: 'lines', lines, restock: true } as const;
      return pick<OrderCommand>([
        pick<OrderCommand>([{ type: 'record-delivery' }, { ...park }, { type: 'complete' }]),
        { type: 'request-refund', refundId, refund: { kind: 'amount', amount }, reason: 'broken' },
        { type: 'request-refund', refundId, refund: pieces, reason: 'broken' },
        { type: 'request-refund', refundId, refund: pieces, reason: 'broken' },
      ]);
    }
  }
};

/** Begins a refund of a line or an amount, or completes those that have begun. */
const refundCommands = (
  { lines, total, refunds }: Exclude<Order, { readonly status: 'none' }>,
  random: Random,
): [OrderCommand, ...OrderCommand[]] => {
  const begun = refunds.filter(({ status }) => status === 'in-progress');
  const line = lines[Math.floor(random() * lines.length)];
  const amount = { ...total, amount: 1 + Math.floor(random() * 500) };
  const refund =
    line === undefined || random() < 0.5
      ? ({ kind: 'amount', amount } as const)
      : ({ kind: 'lines', lines: [{ sku: line.sku, quantity: 1 }], restock: true } as const);
  return [
    { type: 'request-refund', refundId: `refund-${refunds.length}`, refund, reason: 'broken' },
    ...begun.map(({ refundId }): OrderCommand => ({ type: 'complete-refund', refundId })),
  ];
};

/** The events that a command leads to; none when it is refused. */
export const decided = (history: readonly OrderEvent[], command: OrderCommand): readonly OrderEvent[] => {
  const decision = orderDecider.decide(command, fold(orderDecider, history));
  return isRefused<OrderEvent, OrderRefusal>(decision) ? [] : decision;
};
