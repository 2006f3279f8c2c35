import { given as givenDecider } from '@emporium/event-store';
import { expect, test } from 'vitest';
import { type Order, type OrderCommand, type OrderEvent, orderDecider, settledByHandOf } from './order.ts';

const given = (...history: readonly OrderEvent[]) => givenDecider(orderDecider, ...history);

const content = {
  customerId: 'c1',
  lines: [{ sku: 'MUG-1', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } }],
  total: { amount: 2_500, currency: 'EUR' },
};
const placed: OrderEvent = { type: 'placed', ...content };
const confirmed: OrderEvent = { type: 'confirmed' };
const completed: OrderEvent = { type: 'completed' };
const cancelled: OrderEvent = {
  type: 'cancelled',
  cancellation: 'customer-request',
  reason: 'changed my mind',
};
const cancel: OrderCommand = { type: 'cancel', cancellation: 'customer-request', reason: 'changed my mind' };

test('an order is placed once', () => {
  given()
    .when({ type: 'place', ...content })
    .then(placed);
  given(placed)
    .when({ type: 'place', ...content })
    .refuses('already-placed');
});

test('an unknown order refuses commands', () => given().when({ type: 'complete' }).refuses('unknown-order'));

test('the authorisation confirms the order', () =>
  given(placed)
    .when({ type: 'record-step', step: 'authorise', outcome: 'done' })
    .then({ type: 'step-recorded', step: 'authorise', outcome: 'done' }, confirmed));

test('another step is recorded without confirming the order', () =>
  given(placed)
    .when({ type: 'record-step', step: 'reserve', outcome: 'done' })
    .then({ type: 'step-recorded', step: 'reserve', outcome: 'done' }));

test('a final order does not change', () => {
  given(placed, confirmed, completed).when(cancel).refuses('already-final');
  given(placed, cancelled).when({ type: 'complete' }).refuses('already-final');
  given(placed, cancelled).when(cancel).then();
  given(placed, completed).when({ type: 'complete' }).then();
});

test('a resumed order has the status that it had before', () => {
  const parked: OrderEvent = { type: 'parked', step: 'capture', reason: 'refused' };
  expect(
    given(placed, confirmed).when({ type: 'park', step: 'capture', reason: 'refused' }).state(),
  ).toMatchObject({
    status: 'needs-attention',
    reason: 'refused',
  });
  given(placed, confirmed, parked).when({ type: 'resume' }).then({ type: 'resumed', status: 'confirmed' });
  expect(given(placed, confirmed, parked).when({ type: 'resume' }).state().status).toBe('confirmed');
});

test('a delivery is recorded once, and does not change the status', () => {
  expect(given(placed, confirmed, completed).when({ type: 'record-delivery' }).state()).toMatchObject({
    status: 'completed',
    delivered: true,
  });
  given(placed, completed, { type: 'delivered' }).when({ type: 'record-delivery' }).then();
});

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const settled = (order: Order) => (order.status === 'none' ? undefined : settledByHandOf(order));
const capturedBy = (outcome: 'done' | 'done-by-hand'): OrderCommand => ({
  ...{ type: 'record-step', step: 'capture', outcome },
});
const paidByHand: OrderEvent = { type: 'step-recorded', step: 'capture', outcome: 'done-by-hand' };

test('a capture by hand is settled by hand, until the provider captures it, too', () => {
  expect(settled(given(placed, confirmed).when(capturedBy('done')).state())?.paid).toEqual(eur(0));
  const byHand = given(placed, confirmed).when(capturedBy('done-by-hand')).state();
  expect(settled(byHand)).toEqual({ paid: eur(2_500), refunded: eur(0) });
  const twice = given(placed, confirmed, paidByHand, completed).when(capturedBy('done')).state();
  expect(settled(twice)).toEqual({ paid: eur(0), refunded: eur(0) });
});

test('a completed order that was parked keeps what happened to its refunds and its money meanwhile', () => {
  const parked: OrderEvent = { type: 'parked', step: 'capture', reason: 'twice' };
  const late: OrderEvent = { type: 'step-recorded', step: 'capture', outcome: 'done' };
  const requested: OrderEvent = {
    ...{ type: 'refund-requested', refundId: 'r1', amount: eur(1), lines: [], restock: false, reason: 'r' },
  };
  const history = [placed, confirmed, paidByHand, completed, requested, parked, late];
  const abandoned: OrderEvent = { type: 'refund-abandoned', refundId: 'r1' };
  const state = given(...history, abandoned)
    .when({ type: 'resume' })
    .state();
  expect(state).toMatchObject({ status: 'completed', refunds: [{ status: 'abandoned' }] });
  expect(settled(state)?.paid).toEqual(eur(0));
});
