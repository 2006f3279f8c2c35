import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './time-travel.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');

const placed = (status: string) => ({
  '/api/admin/orders?': { orders: [{ orderId: 'order-1', customerId: 'c', status, placedAt: '' }] },
});
const none = { '/api/admin/orders?': { orders: [] } };
const pieces = (quantity: number) => ({
  '/api/orders/order-1': { orderId: 'order-1', lines: [{ sku: 'A', quantity }] },
});
const requested = { type: 'refund-requested', data: { reason: 'broken handle' } };
const refunded = { type: 'refunded', data: {} };
const history = (...events: readonly { readonly type: string; readonly data: unknown }[]) => ({
  ...placed('completed'),
  '/api/orders/order-1/history': {
    events: events.map((event, index) => ({ ...event, version: index + 10 })),
  },
});
const back = (amount: number) => ({ '/api/orders/order-1?version=9': { refunded: { amount } } });
const twice = history(requested, refunded, requested, refunded);

test.each([
  ['order-completed', true, { ...placed('completed'), ...pieces(2) }],
  ['order-completed', false, { ...placed('completed'), ...pieces(1) }],
  ['order-completed', false, { ...placed('confirmed'), ...pieces(2) }],
  ['order-completed', false, none],
  ['order-completed', false, placed('completed')],
  ['piece-refunded', true, history(requested, refunded)],
  ['piece-refunded', false, history(requested)],
  ['piece-refunded', false, history()],
  ['piece-refunded', false, none],
  ['piece-refunded', false, placed('completed')],
  ['past-stands', true, { ...twice, ...back(0) }],
  ['past-stands', false, { ...twice, ...back(500) }],
  ['past-stands', false, { ...history(requested, refunded), ...back(0) }],
  ['past-stands', false, twice],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/[.:]/);
});

test('the reason of the refund is told', async () =>
  expect((await checks['piece-refunded']?.(madeUp(begunAt, history(requested, refunded))))?.seen).toBe(
    'Order order-1: version 10 is your refund, because: broken handle',
  ));
