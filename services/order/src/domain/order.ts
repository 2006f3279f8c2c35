import type { Cancellation, Money, PricedLine } from '@emporium/contracts';
import {
  decideRefund,
  evolveRefunds,
  type Refund,
  type RefundCommand,
  type RefundEvent,
  type RefundRefusal,
  refundedByHandOf,
} from './refunds.ts';

/** The events of an order, from which its state is derived. */
export type OrderEvent =
  | {
      readonly type: 'placed';
      readonly customerId: string;
      readonly lines: readonly PricedLine[];
      readonly total: Money;
    }
  | {
      readonly type: 'step-recorded';
      readonly step: string;
      readonly outcome: StepOutcome;
      readonly reason?: string;
    }
  | { readonly type: 'confirmed' }
  | { readonly type: 'cancellation-begun'; readonly cancellation: Cancellation; readonly reason: string }
  | { readonly type: 'cancelled'; readonly cancellation: Cancellation; readonly reason: string }
  | { readonly type: 'completed' }
  | { readonly type: 'parked'; readonly step: string; readonly reason: string }
  /** `status` is the status before the order was parked. */
  | { readonly type: 'resumed'; readonly status: string }
  | { readonly type: 'delivered' }
  | RefundEvent;

export type StepOutcome =
  | 'done'
  | 'refused'
  | 'timed-out'
  | 'undone'
  /** By a person, outside of the system. */
  | 'done-by-hand'
  | 'undone-by-hand';

export type OrderCommand =
  | {
      readonly type: 'place';
      readonly customerId: string;
      readonly lines: readonly PricedLine[];
      readonly total: Money;
    }
  | {
      readonly type: 'record-step';
      readonly step: string;
      readonly outcome: StepOutcome;
      readonly reason?: string;
    }
  | { readonly type: 'begin-cancellation'; readonly cancellation: Cancellation; readonly reason: string }
  | { readonly type: 'cancel'; readonly cancellation: Cancellation; readonly reason: string }
  | { readonly type: 'complete' }
  | { readonly type: 'park'; readonly step: string; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'record-delivery' }
  | RefundCommand;

interface Placed {
  readonly customerId: string;
  readonly lines: readonly PricedLine[];
  readonly total: Money;
  readonly delivered: boolean;
  /** Whether the customer has paid outside of the system: nothing was captured. Left out where nobody said so. */
  readonly isPaidByHand?: boolean;
  /** In the order of their requests. */
  readonly refunds: readonly Refund[];
}

/** Customers see the `status`. A parked order has the status `needs-attention`, and keeps its state `before` that. */
export type Order =
  | { readonly status: 'none' }
  | (Placed & { readonly status: 'placed' | 'confirmed' | 'completed' })
  | (Placed & {
      readonly status: 'cancelling' | 'cancelled';
      readonly cancellation: Cancellation;
      readonly reason: string;
    })
  | (Placed & {
      readonly status: 'needs-attention';
      readonly before: Exclude<Order, { status: 'none' | 'needs-attention' }>;
      readonly reason: string;
    });

export type OrderRefusal = 'unknown-order' | 'already-placed' | 'already-final' | RefundRefusal;

/** The order is confirmed when this step succeeds: from then on only the carrier can refuse it. */
const confirmingStep = 'authorise';

/** The step that takes the customer's money. */
const payingStep = 'capture';

const initialOrder: Order = { status: 'none' };

/** The events that a command leads to; none when it has already been carried out. */
const decide = (command: OrderCommand, order: Order): readonly OrderEvent[] | { refused: OrderRefusal } => {
  if (command.type === 'place') {
    const { customerId, lines, total } = command;
    return order.status === 'none'
      ? [{ type: 'placed', customerId, lines, total }]
      : { refused: 'already-placed' };
  }
  if (order.status === 'none') return { refused: 'unknown-order' };
  switch (command.type) {
    case 'record-step': {
      const { step, outcome, reason } = command;
      const recorded: OrderEvent = {
        type: 'step-recorded',
        step,
        outcome,
        ...(reason === undefined ? {} : { reason }),
      };
      return step === confirmingStep && outcome === 'done' ? [recorded, { type: 'confirmed' }] : [recorded];
    }
    case 'begin-cancellation':
      if (order.status === 'completed' || order.status === 'cancelled') return { refused: 'already-final' };
      return [{ type: 'cancellation-begun', cancellation: command.cancellation, reason: command.reason }];
    case 'cancel':
      if (order.status === 'cancelled') return [];
      if (order.status === 'completed') return { refused: 'already-final' };
      return [{ type: 'cancelled', cancellation: command.cancellation, reason: command.reason }];
    case 'complete':
      if (order.status === 'completed') return [];
      if (order.status === 'cancelled') return { refused: 'already-final' };
      return [{ type: 'completed' }];
    case 'park':
      return order.status === 'needs-attention'
        ? []
        : [{ type: 'parked', step: command.step, reason: command.reason }];
    case 'resume':
      return order.status === 'needs-attention' ? [{ type: 'resumed', status: order.before.status }] : [];
    case 'record-delivery':
      return order.delivered ? [] : [{ type: 'delivered' }];
    default:
      return decideRefund(command, order);
  }
};

const evolve = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'placed') {
    const { customerId, lines, total } = event;
    return { status: 'placed', customerId, lines, total, delivered: false, refunds: [] };
  }
  if (order.status === 'none') return order;
  const { customerId, lines, total, delivered, isPaidByHand, refunds } = order;
  const settled = isPaidByHand === undefined ? {} : { isPaidByHand };
  const placed: Placed = { customerId, lines, total, delivered, ...settled, refunds };
  switch (event.type) {
    case 'step-recorded':
      if (event.step !== payingStep) return order;
      if (event.outcome === 'done-by-hand') return { ...order, isPaidByHand: true };
      // A capture that succeeds after all counts, and what was paid by hand must be given back.
      return event.outcome === 'done' && isPaidByHand === true ? { ...order, isPaidByHand: false } : order;
    case 'confirmed':
      return { ...placed, status: 'confirmed' };
    case 'completed':
      return { ...placed, status: 'completed' };
    case 'cancellation-begun':
      return { ...placed, status: 'cancelling', cancellation: event.cancellation, reason: event.reason };
    case 'cancelled':
      return { ...placed, status: 'cancelled', cancellation: event.cancellation, reason: event.reason };
    case 'parked':
      return order.status === 'needs-attention'
        ? order
        : { ...placed, status: 'needs-attention', before: order, reason: event.reason };
    case 'resumed':
      return order.status === 'needs-attention' ? { ...order.before, delivered, ...settled, refunds } : order;
    case 'delivered':
      return { ...order, delivered: true };
    default:
      return { ...order, refunds: evolveRefunds(refunds, event) };
  }
};

/** Money that changed hands outside of the system, in both directions. */
export interface SettledByHand {
  readonly paid: Money;
  readonly refunded: Money;
}

export const settledByHandOf = ({
  total,
  isPaidByHand = false,
  refunds,
}: Pick<Placed, 'total' | 'isPaidByHand' | 'refunds'>): SettledByHand => ({
  paid: { ...total, amount: isPaidByHand ? total.amount : 0 },
  refunded: refundedByHandOf({ total, refunds }),
});

/** Whether the order is being cancelled or has been, also while it is parked. */
export const isBeingCancelled = (order: Order): boolean => {
  const { status } = order.status === 'needs-attention' ? order.before : order;
  return status === 'cancelling' || status === 'cancelled';
};

export const orderDecider = { initial: initialOrder, decide, evolve };
