import type { Money, OrderLine, PricedLine } from '@emporium/contracts';

/** The events of an order's refunds. `amount` is fixed by the request: of lines, what they cost when the order was placed. */
export type RefundEvent =
  | ({ readonly type: 'refund-requested' } & RefundContent)
  | {
      readonly type: 'refund-step-recorded';
      readonly refundId: string;
      readonly step: string;
      readonly outcome: RefundStepOutcome;
      readonly reason?: string;
    }
  | {
      readonly type: 'refund-parked';
      readonly refundId: string;
      readonly step: string;
      readonly reason: string;
    }
  | { readonly type: 'refund-resumed'; readonly refundId: string }
  /** It will not be paid: its amount and its pieces can be refunded again. */
  | { readonly type: 'refund-abandoned'; readonly refundId: string }
  /** `refunded` is the sum of all refunds so far, this one included. */
  | ({ readonly type: 'refunded'; readonly refunded: Money } & RefundContent);

/** `done-by-hand`: by a person, outside of the system. */
export type RefundStepOutcome = 'done' | 'refused' | 'done-by-hand';

export type RefundCommand =
  | ({ readonly type: 'request-refund'; readonly refundId: string } & RequestedRefund)
  | {
      readonly type: 'record-refund-step';
      readonly refundId: string;
      readonly step: string;
      readonly outcome: RefundStepOutcome;
      readonly reason?: string;
    }
  | { readonly type: 'complete-refund'; readonly refundId: string }
  | {
      readonly type: 'park-refund';
      readonly refundId: string;
      readonly step: string;
      readonly reason: string;
    }
  | { readonly type: 'resume-refund'; readonly refundId: string }
  | { readonly type: 'abandon-refund'; readonly refundId: string };

/** What an administrator requests: pieces of the order, or an amount of money. */
export interface RequestedRefund {
  readonly refund:
    | { readonly kind: 'lines'; readonly lines: readonly OrderLine[]; readonly restock: boolean }
    | { readonly kind: 'amount'; readonly amount: Money };
  readonly reason: string;
}

interface RefundContent {
  readonly refundId: string;
  readonly amount: Money;
  /** Empty when an amount is refunded. */
  readonly lines: readonly OrderLine[];
  /** Whether the pieces come back into the stock. */
  readonly restock: boolean;
  readonly reason: string;
}

/** `byHand` are the steps that a person did outside of the system. */
export type Refund = RefundContent & { readonly byHand: readonly string[] } & (
    | { readonly status: 'in-progress' | 'refunded' | 'abandoned' }
    | {
        readonly status: 'parked';
        readonly parked: { readonly step: string; readonly reason: string };
        /** It had ended before: a step happened twice. */
        readonly wasRefunded: boolean;
      }
  );

/** The step that pays the money back. */
const payingStep = 'refund';

/** What the refunds of an order are decided on. */
export interface Refundable {
  readonly status: string;
  readonly lines: readonly PricedLine[];
  readonly total: Money;
  readonly refunds: readonly Refund[];
}

/** Why a refund cannot be requested, by the field of the request. */
export type RefundRefusal =
  | { readonly refusal: 'not-completed'; readonly status: string }
  | { readonly refusal: 'impossible-refund'; readonly errors: readonly FieldError[] }
  | { readonly refusal: 'unknown-refund' };

interface FieldError {
  readonly field: string;
  readonly message: string;
}

type Decision = readonly RefundEvent[] | { refused: RefundRefusal };

/** Decides under the order's lock: what was refunded and what is being refunded is never more than what was captured. */
export const decideRefund = (command: RefundCommand, order: Refundable): Decision => {
  const { refundId } = command;
  if (command.type === 'request-refund') return request(command, order);
  const refund = order.refunds.find((each) => each.refundId === refundId);
  if (refund === undefined) return { refused: { refusal: 'unknown-refund' } };
  switch (command.type) {
    case 'record-refund-step': {
      const { step, outcome, reason } = command;
      const known = reason === undefined ? {} : { reason };
      return [{ type: 'refund-step-recorded', refundId, step, outcome, ...known }];
    }
    case 'complete-refund': {
      if (isRefunded(refund)) return [];
      const { amount, lines, restock, reason } = refund;
      const refunded = { ...amount, amount: refundedOf(order).amount + amount.amount };
      return [{ type: 'refunded', refundId, amount, lines, restock, reason, refunded }];
    }
    case 'park-refund':
      return refund.status === 'in-progress' || refund.status === 'refunded'
        ? [{ type: 'refund-parked', refundId, step: command.step, reason: command.reason }]
        : [];
    case 'resume-refund':
      return refund.status === 'parked' || refund.status === 'abandoned'
        ? [{ type: 'refund-resumed', refundId }]
        : [];
    case 'abandon-refund':
      return refund.status === 'in-progress' ? [{ type: 'refund-abandoned', refundId }] : [];
  }
};

export const evolveRefunds = (refunds: readonly Refund[], event: RefundEvent): readonly Refund[] => {
  if (event.type === 'refund-requested') {
    const { type: _, ...content } = event;
    return [...refunds, { ...content, byHand: [], status: 'in-progress' }];
  }
  return refunds.map((refund) => (refund.refundId === event.refundId ? evolveRefund(refund, event) : refund));
};

const evolveRefund = (
  refund: Refund,
  event: Exclude<RefundEvent, { readonly type: 'refund-requested' }>,
): Refund => {
  const { refundId, amount, lines, restock, reason, byHand } = refund;
  const content = { refundId, amount, lines, restock, reason, byHand };
  switch (event.type) {
    case 'refund-step-recorded':
      return { ...refund, byHand: byHandAfter(byHand, event) };
    case 'refund-parked': {
      const parked = { step: event.step, reason: event.reason };
      return { ...content, status: 'parked', parked, wasRefunded: isRefunded(refund) };
    }
    case 'refund-resumed':
      return { ...content, status: isRefunded(refund) ? 'refunded' : 'in-progress' };
    case 'refund-abandoned':
      return { ...content, status: 'abandoned' };
    case 'refunded':
      return { ...content, status: 'refunded' };
  }
};

/** A step that succeeds after all counts, and what was done by hand must be taken back. */
const byHandAfter = (
  byHand: readonly string[],
  { step, outcome }: { readonly step: string; readonly outcome: RefundStepOutcome },
): readonly string[] => {
  if (outcome === 'refused') return byHand;
  const others = byHand.filter((each) => each !== step);
  return outcome === 'done' ? others : [...others, step];
};

const isRefunded = (refund: Refund): boolean =>
  refund.status === 'refunded' || (refund.status === 'parked' && refund.wasRefunded);

/** What was paid back. */
export const refundedOf = ({ total, refunds }: Pick<Refundable, 'total' | 'refunds'>): Money => ({
  ...total,
  amount: sumOf(refunds.filter(isRefunded)),
});

/** The part of it that was paid back outside of the system. */
export const refundedByHandOf = ({ total, refunds }: Pick<Refundable, 'total' | 'refunds'>): Money => ({
  ...total,
  amount: sumOf(refunds.filter((refund) => isRefunded(refund) && refund.byHand.includes(payingStep))),
});

/** What was refunded or will be. */
const withoutAbandoned = (refunds: readonly Refund[]): readonly Refund[] =>
  refunds.filter(({ status }) => status !== 'abandoned');

const sumOf = (refunds: readonly Refund[]): number =>
  refunds.reduce((sum, { amount }) => sum + amount.amount, 0);

const request = (
  { refundId, refund, reason }: Extract<RefundCommand, { readonly type: 'request-refund' }>,
  order: Refundable,
): Decision => {
  const { status, total, refunds } = order;
  if (status !== 'completed') return { refused: { refusal: 'not-completed', status } };
  // Less than nothing when an abandoned refund was paid after all: then one of those after it is declined.
  const left = { ...total, amount: Math.max(0, total.amount - sumOf(withoutAbandoned(refunds))) };
  const errors =
    refund.kind === 'lines' ? lineErrors(refund.lines, order) : amountErrors(refund.amount, left);
  if (errors.length > 0) return { refused: { refusal: 'impossible-refund', errors } };
  if (refund.kind === 'amount') {
    const { amount } = refund;
    return [{ type: 'refund-requested', refundId, amount, lines: [], restock: false, reason }];
  }
  const { lines, restock } = refund;
  const amount = priceOf(lines, order);
  const tooMuch = costErrors(amount, left);
  if (tooMuch.length > 0) return { refused: { refusal: 'impossible-refund', errors: tooMuch } };
  return [{ type: 'refund-requested', refundId, amount, lines, restock, reason }];
};

const amountErrors = (amount: Money, left: Money): FieldError[] => {
  if (amount.currency !== left.currency)
    return [{ field: 'amount.currency', message: `must be that of the order, ${left.currency}` }];
  return amount.amount > left.amount
    ? [
        {
          field: 'amount.amount',
          message: `must not be more than what is left, ${left.amount} ${left.currency}`,
        },
      ]
    : [];
};

/** Each line must be of the order, and not more than what was not refunded yet. */
const lineErrors = (lines: readonly OrderLine[], order: Refundable): FieldError[] =>
  lines.flatMap(({ sku, quantity }, index) => {
    const ordered = order.lines.find((line) => line.sku === sku);
    const field = `lines[${index}].sku`;
    if (ordered === undefined) return [{ field, message: `is not in the order: ${sku}` }];
    if (lines.findIndex((line) => line.sku === sku) < index)
      return [{ field, message: `must not be repeated: ${sku}` }];
    const left = Math.max(0, ordered.quantity - piecesOf(order.refunds, sku));
    const message = `must not be more than the pieces that were not refunded yet, ${left} of ${sku}`;
    return quantity > left ? [{ field: `lines[${index}].quantity`, message }] : [];
  });

const costErrors = (amount: Money, left: Money): FieldError[] => {
  if (amount.amount === 0)
    return [{ field: 'lines', message: 'must have a price: nothing was paid for them' }];
  const [cost, rest] = [amount, left].map((each) => `${each.amount} ${each.currency}`);
  return amount.amount > left.amount
    ? [{ field: 'lines', message: `must not cost more than what is left, ${rest}: they cost ${cost}` }]
    : [];
};

const priceOf = (lines: readonly OrderLine[], order: Refundable): Money => ({
  ...order.total,
  amount: lines.reduce((sum, { sku, quantity }) => {
    const unitPrice = order.lines.find((line) => line.sku === sku)?.unitPrice.amount ?? 0;
    return sum + unitPrice * quantity;
  }, 0),
});

const piecesOf = (refunds: readonly Refund[], sku: string): number =>
  withoutAbandoned(refunds)
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
