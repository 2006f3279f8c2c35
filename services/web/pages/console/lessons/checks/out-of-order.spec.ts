import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './out-of-order.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

const did = (action: string, target: string, minute: number, outcome = 'done') => ({
  [`/api/admin/audit?target=${target}&action=subscription.${action}`]: {
    entries: [{ at: at(minute), action: `subscription.${action}`, outcome }],
  },
});
const nobody = { '/api/admin/audit': { entries: [] } };
const parcelsPaused = did('pause', 'shipping.commands', 1);
const parcelsResumed = did('resume', 'shipping.commands', 4);
const repliesPaused = did('pause', 'order.replies', 3);

const placed = (status: string) => ({
  '/api/admin/orders?': { orders: [{ orderId: 'order-1', customerId: 'c', status, placedAt: at(2) }] },
});
const done = (step: string) => ({ type: 'step-recorded', data: { step, outcome: 'done' } });
const [authorised, dispatched] = [done('authorise'), done('dispatch')];
const [delivered, completed] = [
  { type: 'delivered', data: {} },
  { type: 'completed', data: {} },
];
const order = (...events: readonly { readonly type: string }[]) => ({
  ...placed('confirmed'),
  '/api/orders/order-1/history': {
    events: events.map((event, index) => ({ ...event, version: index + 2, at: at(2) })),
  },
});
const held = { ...parcelsPaused, ...order(authorised) };
const early = order(authorised, delivered);

test.each([
  ['parcels-wait', true, parcelsPaused],
  ['parcels-wait', false, nobody],
  ['parcels-wait', false, did('pause', 'shipping.commands', -1)],
  ['parcels-wait', false, did('pause', 'shipping.commands', 1, 'refused')],
  ['parcels-wait', false, {}],
  ['order-waits', true, held],
  ['order-waits', false, { ...parcelsPaused, ...order(done('reserve')) }],
  ['order-waits', false, { ...parcelsPaused, '/api/admin/orders?': { orders: [] } }],
  ['order-waits', false, { ...order(authorised), ...nobody }],
  ['order-waits', false, parcelsPaused],
  ['replies-wait', true, { ...held, ...repliesPaused, ...parcelsResumed }],
  ['replies-wait', false, { ...held, ...repliesPaused, ...nobody }],
  ['replies-wait', false, { ...held, ...parcelsResumed, ...nobody }],
  ['replies-wait', false, { ...held, ...did('pause', 'order.replies', 1), ...parcelsResumed }],
  ['replies-wait', false, { ...held, ...repliesPaused, ...did('resume', 'shipping.commands', 2) }],
  ['replies-wait', false, { ...held, ...repliesPaused }],
  ['delivered-first', true, early],
  ['delivered-first', true, order(authorised, delivered, dispatched, completed)],
  ['delivered-first', false, order(authorised, dispatched, completed, delivered)],
  ['delivered-first', false, order(authorised, dispatched)],
  ['delivered-first', false, { ...order(authorised), ...placed('cancelled') }],
  ['delivered-first', false, {}],
  ['all-arrived', true, order(authorised, delivered, dispatched, completed)],
  ['all-arrived', false, early],
  ['all-arrived', false, order(authorised, delivered, dispatched)],
  ['all-arrived', false, order(authorised, dispatched, delivered, completed)],
  ['all-arrived', false, placed('completed')],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/\.$/);
});

test('an order that was too late is named', async () => {
  const late = madeUp(begunAt, { ...order(authorised), ...placed('cancelled') });
  expect((await checks['delivered-first']?.(late))?.seen).toMatch(/^Order order-1 was cancelled/);
});
