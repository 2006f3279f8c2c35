import { type Actor, causeOf, effectList } from '@emporium/bus';
import type { Money, OrderLine, PricedLine } from '@emporium/contracts';
import type { SagaRunner } from '@emporium/saga';
import {
  type Answer,
  type GroupWork,
  type IdempotentOutcome,
  type IdempotentRequest,
  type Part,
  recall,
  remember,
  type Tx,
} from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { type Pricing, price } from './domain/pricing.ts';
import type { Fulfilment } from './fulfilment.ts';
import { decideOrder, orders } from './store/orders.ts';
import { readPrices } from './store/prices.ts';
import type { OrderTables } from './store/tables.ts';
import { versionsAfter } from './views/at-least.ts';

export interface PlaceOrder {
  readonly customerId: string;
  readonly actor: Actor;
  readonly lines: readonly OrderLine[];
  readonly paymentToken: string;
  /** The total that the customer was shown; when it has changed, nothing is ordered. */
  readonly expectedTotal?: Money | undefined;
  /** Whether a new order may be placed now. A repeated request is answered in any case. */
  readonly mayBegin: boolean;
  /** Present when the request has an `Idempotency-Key`. */
  readonly request?: IdempotentRequest;
}

/** An order was placed only if the outcome is `answered`. */
export type Placed =
  | IdempotentOutcome
  /** A line cannot be ordered. */
  | Extract<Pricing, { kind: 'refused' }>
  | { readonly kind: 'backlog-full' }
  | { readonly kind: 'other-total'; readonly expected: Money; readonly total: Money };

type Placing = Part<PlaceOrder>;

interface Accepted {
  readonly part: Placing;
  readonly orderId: string;
  readonly lines: readonly PricedLine[];
  readonly total: Money;
}

/**
 * Sets the prices, and starts the event streams of the orders and their sagas, all in one transaction: an order can be read and
 * cancelled as soon as its request is answered.
 */
export const placeOrders =
  (fulfilment: SagaRunner<Fulfilment, OrderTables>): GroupWork<OrderTables, PlaceOrder, Placed> =>
  async (parts, { tx, now }) => {
    const outcomes = await recallAll(tx, parts);
    const isNew = (part: Placing) => !outcomes.has(part);
    for (const part of parts.filter(isNew))
      if (!part.item.mayBegin) outcomes.set(part, { kind: 'backlog-full' });
    const prices = await readPrices(
      tx,
      parts.filter(isNew).flatMap(({ item }) => item.lines.map(({ sku }) => sku)),
    );
    const accepted = parts.filter(isNew).flatMap((part): Accepted[] => {
      const pricing = priceAsExpected(part.item, prices);
      if (pricing.kind === 'priced') return [{ ...pricing, part, orderId: uuid() }];
      outcomes.set(part, pricing);
      return [];
    });
    await begin(tx, fulfilment, accepted, now);
    const versions = await versionsAfter(
      tx,
      accepted.map(({ orderId }) => orderId),
    );
    const answered = accepted.map((order) => ({
      part: order.part,
      answer: answerTo(order, versions.get(order.orderId)),
    }));
    await remember(
      tx,
      answered.flatMap(({ part: { item }, answer }) =>
        item.request === undefined ? [] : [{ request: item.request, answer }],
      ),
    );
    for (const { part, answer } of answered) {
      outcomes.set(part, { kind: 'answered', answer, replayed: false });
    }
    return parts.flatMap((part) => outcomes.get(part) ?? []);
  };

const priceAsExpected = (
  { lines, expectedTotal: expected }: PlaceOrder,
  prices: ReadonlyMap<string, Money>,
) => {
  const pricing = price(lines, prices);
  if (pricing.kind === 'refused' || expected === undefined || isSame(expected, pricing.total)) return pricing;
  return { kind: 'other-total', expected, total: pricing.total } as const;
};

const isSame = (one: Money, other: Money): boolean =>
  one.amount === other.amount && one.currency === other.currency;

/** The outcomes of requests that were answered before, or are in progress; new requests are left out. */
const recallAll = async (tx: Tx<OrderTables>, parts: readonly Placing[]): Promise<Map<Placing, Placed>> => {
  const keyed = parts.flatMap((part) =>
    part.item.request === undefined ? [] : [{ part, request: part.item.request }],
  );
  const recalled = await recall(
    tx,
    keyed.map(({ request }) => request),
  );
  return new Map(
    keyed.flatMap(({ part }, index) => {
      const known = recalled[index];
      return known === undefined || known.kind === 'new' ? [] : [[part, known] as const];
    }),
  );
};

/** Adds to each part the first command of the saga and the events of the order. */
const begin = async (
  tx: Tx<OrderTables>,
  fulfilment: SagaRunner<Fulfilment, OrderTables>,
  accepted: readonly Accepted[],
  now: Date,
): Promise<void> => {
  const items = accepted.map((order) => ({ ...order, data: { orderId: order.orderId } }));
  const placed = await orders.decideAll({ tx, now, areNew: true }, items, (item, { order }) => {
    const { orderId, lines, total, part } = item;
    const { customerId, actor } = part.item;
    const cause = causeOf(part.context, actor);
    return decideOrder(orderId, order, [{ type: 'place', customerId, lines, total }], cause);
  });
  const requests = await fulfilment.begin(
    tx,
    accepted.map(({ orderId, total, part: { item, context } }) => {
      const { customerId, lines, paymentToken } = item;
      return { id: orderId, subject: { orderId, customerId, lines, total, paymentToken }, context };
    }),
    now,
  );
  accepted.forEach(({ part }, index) => {
    part.effects.push(...(requests[index] ?? []), ...effectList(placed[index]?.followed));
  });
};

const answerTo = ({ orderId, total }: Accepted, version: Answer['headers'] = {}): Answer => {
  const href = `/api/orders/${orderId}`;
  const headers = { location: href, ...version };
  return { status: 202, headers, body: { orderId, status: 'placed', total, href } };
};
