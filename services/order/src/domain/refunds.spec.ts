import { given as givenDecider } from '@emporium/event-store';
import { describe, expect, test } from 'vitest';
import { type Order, type OrderCommand, type OrderEvent, orderDecider } from './order.ts';
import { refundedByHandOf, refundedOf } from './refunds.ts';

const given = (...history: readonly OrderEvent[]) => givenDecider(orderDecider, ...history);
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const line = (sku: string, quantity: number) => ({ sku, quantity });

const placed: OrderEvent = {
  type: 'placed',
  customerId: 'c1',
  lines: [
    { ...line('MUG-1', 3), unitPrice: eur(1_250) },
    { ...line('TEA-1', 1), unitPrice: eur(333) },
    { ...line('GIFT', 2), unitPrice: eur(0) },
  ],
  total: eur(4_083),
};
const completed: readonly OrderEvent[] = [placed, { type: 'confirmed' }, { type: 'completed' }];
const reason = 'broken';

const ofLines = (
  refundId: string,
  lines: readonly ReturnType<typeof line>[],
  restock = true,
): OrderCommand => ({ type: 'request-refund', refundId, refund: { kind: 'lines', lines, restock }, reason });
const ofAmount = (refundId: string, amount: number, currency = 'EUR'): OrderCommand => ({
  type: 'request-refund',
  refundId,
  refund: { kind: 'amount', amount: { amount, currency } },
  reason,
});
const requested = (
  refundId: string,
  amount: number,
  lines: readonly ReturnType<typeof line>[] = [],
): OrderEvent => ({
  type: 'refund-requested',
  refundId,
  amount: eur(amount),
  lines,
  restock: lines.length > 0,
  reason,
});
const refunded = (refundId: string, amount: number, sum: number): OrderEvent => ({
  ...{ type: 'refunded', refundId, amount: eur(amount), lines: [], restock: false, reason },
  refunded: eur(sum),
});
const impossible = (field: string, message: string) =>
  ({ refusal: 'impossible-refund', errors: [{ field, message }] }) as const;
const placedOf = (order: Order) => {
  if (order.status === 'none') throw new Error('the order was placed');
  return order;
};

describe('a refund of lines', () => {
  test('costs what they cost in the order', () =>
    given(...completed)
      .when(ofLines('r1', [line('MUG-1', 2), line('TEA-1', 1)]))
      .then(requested('r1', 2_833, [line('MUG-1', 2), line('TEA-1', 1)])));

  test('is refused for a product that is not in the order', () =>
    given(...completed)
      .when(ofLines('r1', [line('MUG-1', 1), line('HAT', 1)]))
      .refuses(impossible('lines[1].sku', 'is not in the order: HAT')));

  test('is refused for a repeated product', () =>
    given(...completed)
      .when(ofLines('r1', [line('MUG-1', 1), line('MUG-1', 1)]))
      .refuses(impossible('lines[1].sku', 'must not be repeated: MUG-1')));

  test.each<[string, readonly OrderEvent[]]>([
    ['that is in progress', []],
    ['that is parked', [{ type: 'refund-parked', refundId: 'r1', step: 'refund', reason: 'no' }]],
    ['that is finished', [refunded('r1', 2_500, 2_500)]],
  ])('is refused for pieces of another refund %s', (_, more) => {
    const history = [...completed, requested('r1', 2_500, [line('MUG-1', 2)]), ...more];
    given(...history)
      .when(ofLines('r2', [line('MUG-1', 2)]))
      .refuses(
        impossible(
          'lines[0].quantity',
          'must not be more than the pieces that were not refunded yet, 1 of MUG-1',
        ),
      );
    given(...history)
      .when(ofLines('r2', [line('MUG-1', 1)]))
      .then(requested('r2', 1_250, [line('MUG-1', 1)]));
  });

  test('is refused when an amount that was refunded leaves too little', () =>
    given(...completed, requested('r1', 4_000))
      .when(ofLines('r2', [line('TEA-1', 1)]))
      .refuses(impossible('lines', 'must not cost more than what is left, 83 EUR: they cost 333 EUR')));

  test('is refused when nothing was paid for them', () =>
    given(...completed)
      .when(ofLines('r1', [line('GIFT', 2)]))
      .refuses(impossible('lines', 'must have a price: nothing was paid for them')));
});

describe('a refund of an amount', () => {
  test('may be all that is left, and no more', () => {
    const history = [...completed, requested('r1', 83), requested('r2', 1_000)];
    given(...history)
      .when(ofAmount('r3', 3_000))
      .then(requested('r3', 3_000));
    given(...history)
      .when(ofAmount('r3', 3_001))
      .refuses(impossible('amount.amount', 'must not be more than what is left, 3000 EUR'));
  });

  test('is refused in another currency', () =>
    given(...completed)
      .when(ofAmount('r1', 1, 'JPY'))
      .refuses(impossible('amount.currency', 'must be that of the order, EUR')));
});

test.each<[string, readonly OrderEvent[]]>([
  ['placed', [placed]],
  ['confirmed', [placed, { type: 'confirmed' }]],
  ['cancelled', [placed, { type: 'cancelled', cancellation: 'customer-request', reason: 'r' }]],
  ['needs-attention', [placed, { type: 'parked', step: 'capture', reason: 'refused' }]],
])('an order that is %s cannot be refunded', (status, history) =>
  given(...history)
    .when(ofAmount('r1', 1))
    .refuses({ refusal: 'not-completed', status }),
);

test('an unknown order cannot be refunded', () => given().when(ofAmount('r1', 1)).refuses('unknown-order'));

describe('a refund in progress', () => {
  const history = [...completed, requested('r1', 1_250, [line('MUG-1', 1)]), requested('r2', 83)];

  test('is finished once, with the sum of all finished refunds', () => {
    const finished: OrderEvent = {
      ...{ type: 'refunded', refundId: 'r1', amount: eur(1_250), refunded: eur(1_333) },
      ...{ lines: [line('MUG-1', 1)], restock: true, reason },
    };
    const second = [...history, refunded('r2', 83, 83)];
    given(...second)
      .when({ type: 'complete-refund', refundId: 'r1' })
      .then(finished);
    given(...second, finished)
      .when({ type: 'complete-refund', refundId: 'r1' })
      .then();
    const order = given(...second)
      .when({ type: 'complete-refund', refundId: 'r1' })
      .state();
    expect(order.status).toBe('completed');
    expect(refundedOf(placedOf(order))).toEqual(eur(1_333));
  });

  test('is parked and resumed once each; the order stays completed', () => {
    const park: OrderCommand = { type: 'park-refund', refundId: 'r1', step: 'refund', reason: 'no' };
    const parked: OrderEvent = { type: 'refund-parked', refundId: 'r1', step: 'refund', reason: 'no' };
    const resume: OrderCommand = { type: 'resume-refund', refundId: 'r1' };
    const resumed: OrderEvent = { type: 'refund-resumed', refundId: 'r1' };
    given(...history)
      .when(park)
      .then(parked);
    given(...history, parked)
      .when(park)
      .then();
    given(...history, parked)
      .when(resume)
      .then(resumed);
    given(...history, parked, resumed)
      .when(resume)
      .then();
    const order = placedOf(
      given(...history)
        .when(park)
        .state(),
    );
    expect([order.status, order.refunds.map(({ status }) => status)]).toEqual([
      'completed',
      ['parked', 'in-progress'],
    ]);
  });

  test('records its steps', () =>
    given(...history)
      .when({ type: 'record-refund-step', refundId: 'r1', step: 'refund', outcome: 'refused', reason: 'no' })
      .then({
        type: 'refund-step-recorded',
        refundId: 'r1',
        step: 'refund',
        outcome: 'refused',
        reason: 'no',
      }));

  test('that is unknown is refused', () =>
    given(...completed)
      .when({ type: 'complete-refund', refundId: 'r1' })
      .refuses({ refusal: 'unknown-refund' }));
});

describe('a refund that a person deals with', () => {
  const abandoned: OrderEvent = { type: 'refund-abandoned', refundId: 'r1' };
  const recorded = (outcome: 'done' | 'done-by-hand', step = 'refund'): OrderEvent => ({
    ...{ type: 'refund-step-recorded', refundId: 'r1', step, outcome },
  });

  test('is abandoned: its amount and its pieces can be refunded again', () => {
    const history = [...completed, requested('r1', 3_750, [line('MUG-1', 3)]), abandoned];
    given(...history)
      .when(ofLines('r2', [line('MUG-1', 3)]))
      .then(requested('r2', 3_750, [line('MUG-1', 3)]));
    given(...history)
      .when(ofAmount('r2', 4_083))
      .then(requested('r2', 4_083));
    given(...history)
      .when({ type: 'abandon-refund', refundId: 'r1' })
      .then();
  });

  test('continues when it is paid although it was abandoned; then nothing may be left', () => {
    const history = [...completed, requested('r1', 4_000), abandoned, requested('r2', 4_000)];
    given(...history)
      .when({ type: 'resume-refund', refundId: 'r1' })
      .then({ type: 'refund-resumed', refundId: 'r1' });
    given(...history, { type: 'refund-resumed', refundId: 'r1' })
      .when(ofAmount('r3', 1))
      .refuses(impossible('amount.amount', 'must not be more than what is left, 0 EUR'));
  });

  test('counts as paid back by hand, until the provider pays it, too', () => {
    const byHand = [...completed, requested('r1', 500), recorded('done-by-hand'), refunded('r1', 500, 500)];
    const amounts = (order: Order) => [refundedOf(placedOf(order)), refundedByHandOf(placedOf(order))];
    const stateAfter = (...events: OrderEvent[]) => events.reduce(orderDecider.evolve, orderDecider.initial);
    expect(amounts(stateAfter(...byHand))).toEqual([eur(500), eur(500)]);
    expect(amounts(stateAfter(...byHand, recorded('done')))).toEqual([eur(500), eur(0)]);
  });

  test('that has ended is parked when it happened twice, stays refunded, and is resumed as refunded', () => {
    const parked: OrderEvent = { type: 'refund-parked', refundId: 'r1', step: 'refund', reason: 'twice' };
    const history = [...completed, requested('r1', 500), refunded('r1', 500, 500)];
    given(...history)
      .when({ type: 'park-refund', refundId: 'r1', step: 'refund', reason: 'twice' })
      .then(parked);
    given(...history, parked)
      .when({ type: 'complete-refund', refundId: 'r1' })
      .then();
    const resumed = given(...history, parked)
      .when({ type: 'resume-refund', refundId: 'r1' })
      .state();
    expect(placedOf(resumed).refunds).toMatchObject([{ status: 'refunded' }]);
    expect(refundedOf(placedOf(resumed))).toEqual(eur(500));
  });
});
