import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './a-projection-rebuilt.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

/** `since`: what the request asks for, to the minute. */
const listed = (minute: number, status = 'completed', since = 0) => ({
  [`/api/admin/orders?limit=20&from=${encodeURIComponent(at(since))}`]: {
    orders: [{ orderId: 'order-1', customerId: 'c', status, placedAt: at(minute) }],
  },
});
const none = { '/api/admin/orders?': { orders: [] } };
const order = (status: string) => ({ '/api/orders/order-1': { orderId: 'order-1', status } });
const projection = (builtAt: string | undefined, behind = 0, build?: unknown) => ({
  '/api/admin/reports/projections': {
    projections: [
      { name: 'operations', version: 1, lag: { events: 0, seconds: 0 }, builtAt: at(2) },
      { name: 'customer-orders', version: 1, lag: { events: behind, seconds: 0 }, builtAt, build },
    ],
  },
});
const isBuilding = { version: 1, startedAt: at(1), events: 5, lag: { events: 15, seconds: 3 } };

test.each([
  ['order-listed', true, listed(1)],
  ['order-listed', false, none],
  ['order-listed', false, {}],
  ['rebuilt', true, projection(at(2))],
  ['rebuilt', false, projection(at(-2))],
  ['rebuilt', false, projection(undefined)],
  ['rebuilt', false, projection(at(-2), 0, isBuilding)],
  ['rebuilt', false, {}],
  ['nothing-lost', true, { ...projection(at(2)), ...listed(1), ...order('completed') }],
  ['nothing-lost', false, { ...projection(at(2)), ...listed(1, 'placed'), ...order('completed') }],
  ['nothing-lost', false, { ...projection(at(2)), ...listed(3), ...order('completed') }],
  ['nothing-lost', false, { ...projection(at(-2)), ...listed(1), ...order('completed') }],
  ['nothing-lost', false, { ...projection(at(2)), ...none }],
  ['nothing-lost', false, { ...projection(at(2)), ...listed(1) }],
  ['list-follows', true, { ...projection(at(2)), ...listed(3, 'placed', 2) }],
  ['list-follows', false, { ...projection(at(2), 7), ...listed(3, 'placed', 2) }],
  ['list-follows', false, { ...projection(at(2)), ...none }],
  ['list-follows', false, { ...projection(at(-2)), ...listed(3) }],
  ['list-follows', false, projection(at(2))],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/\.$/);
});

test('a build that is not finished says how far it is', async () => {
  const verdict = await checks['rebuilt']?.(madeUp(begunAt, projection(undefined, 0, isBuilding)));
  expect(verdict?.seen).toBe('The new customer-orders has 5 of 20 events.');
});
