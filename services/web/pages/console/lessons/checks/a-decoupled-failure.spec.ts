import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './a-decoupled-failure.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

const kills = '/api/admin/audit?target=loyalty&action=process.kill';
const starts = '/api/admin/audit?target=loyalty&action=process.start';
const entry = (minute: number, action: string) => ({ at: at(minute), action, outcome: 'done' });
const order = { orderId: 'order-1', customerId: 'c', status: 'completed', placedAt: at(2) };
const completed = (minute: number) => ({
  '/api/admin/orders?': { orders: [order] },
  '/api/orders/order-1': { timeline: [{ at: at(minute), what: 'completed' }] },
});
const queue = (waiting: number) => ({
  '/api/admin/queues': { brokers: [], queues: [{ subscription: 'loyalty.orders', broker: 'b', waiting }] },
});
const points = (count: number) => ({
  '/api/admin/loyalty/c': {
    entries: Array.from({ length: count }, () => ({ orderId: 'order-1', kind: 'earned', points: 12 })),
  },
});
const down = { [kills]: { entries: [entry(1, 'process.kill')] }, [starts]: { entries: [] } };
const up = { ...down, [starts]: { entries: [entry(4, 'process.start')] } };

const before = { [kills]: { entries: [entry(-1, 'process.kill')] } };
const refused = { [kills]: { entries: [{ ...entry(1, 'process.kill'), outcome: 'refused' }] } };

test.each([
  ['loyalty-stopped', true, down],
  ['loyalty-stopped', false, before],
  ['loyalty-stopped', false, refused],
  ['loyalty-stopped', false, {}],
  ['order-completed', true, { ...down, ...completed(2) }],
  ['order-completed', true, { ...up, ...completed(2) }],
  ['order-completed', false, { ...up, ...completed(5) }],
  ['order-completed', false, { ...down, '/api/admin/orders?': { orders: [{ ...order, status: 'placed' }] } }],
  ['order-completed', false, { ...before, ...completed(2) }],
  ['order-completed', false, down],
  ['message-waits', true, { ...down, ...queue(1) }],
  ['message-waits', false, { ...down, ...queue(0) }],
  ['message-waits', false, { ...up, ...queue(1) }],
  ['message-waits', false, { ...before, ...queue(1) }],
  ['message-waits', false, down],
  ['points-given', true, { ...up, ...completed(2), ...points(1) }],
  ['points-given', false, { ...up, ...completed(2), ...points(0) }],
  ['points-given', false, { ...up, ...completed(2), ...points(2) }],
  ['points-given', false, { ...up, ...completed(5), ...points(1) }],
  ['points-given', false, { ...down, ...completed(2), ...points(1) }],
  ['points-given', false, { ...up, ...completed(2) }],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/^[A-Z0-9].*[.:].*$/);
});
