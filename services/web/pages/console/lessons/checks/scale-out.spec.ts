import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './scale-out.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

const first = { name: 'payment', service: 'payment', state: 'running', added: false };
const second = { name: 'payment-2', service: 'payment', state: 'running', added: true };
const other = { name: 'email-2', service: 'email', state: 'running', added: true };
const run = (...processes: readonly unknown[]) => ({ '/api/admin/processes': { processes } });

const did = (action: string, minute: number) => ({
  [`/api/admin/audit?target=payment&action=process.${action}`]: {
    entries: [{ at: at(minute), action: `process.${action}`, outcome: 'done' }],
  },
});
const nobody = { '/api/admin/audit': { entries: [] } };
const killed = did('kill', 4);

const completed = (count: number, status = 'completed') => ({
  '/api/admin/orders?': {
    orders: Array.from({ length: count }, (_, index) => ({
      ...{ orderId: `order-${index}`, customerId: 'c', status, placedAt: at(5) },
    })),
  },
});
const paid = (minute: number, outcome = 'done') => ({
  ...completed(1),
  '/api/orders/order-0/history': {
    events: [{ version: 3, at: at(minute), type: 'step-recorded', data: { step: 'authorise', outcome } }],
  },
});

test.each([
  ['process-added', true, { ...did('scale', 1), ...run(first, second) }],
  ['process-added', false, { ...did('scale', -1), ...run(first, second) }],
  ['process-added', false, { ...did('scale', 1), ...run(first, { ...second, state: 'starting' }) }],
  ['process-added', false, { ...did('scale', 1), ...run(first, other) }],
  ['process-added', false, {}],
  ['work-shared', true, { ...did('scale', 1), ...completed(3) }],
  ['work-shared', false, { ...did('scale', 1), ...completed(2) }],
  ['work-shared', false, { ...did('scale', 1), ...completed(3, 'confirmed') }],
  ['work-shared', false, { ...did('scale', -1), ...completed(3) }],
  ['work-shared', false, did('scale', 1)],
  ['first-killed', true, killed],
  ['first-killed', false, did('kill', -1)],
  ['first-killed', false, nobody],
  ['first-killed', false, {}],
  ['work-goes-on', true, { ...killed, ...paid(5), ...nobody }],
  ['work-goes-on', true, { ...killed, ...did('start', 6), ...paid(5) }],
  ['work-goes-on', false, { ...killed, ...did('start', 6), ...paid(7) }],
  ['work-goes-on', false, { ...killed, ...paid(5, 'refused'), ...nobody }],
  ['work-goes-on', false, { ...killed, ...completed(0), ...nobody }],
  ['work-goes-on', false, { ...paid(5), ...nobody }],
  ['work-goes-on', false, { ...killed, ...nobody }],
  ['normal-again', true, { ...killed, ...run(first, other) }],
  ['normal-again', false, { ...killed, ...run({ ...first, state: 'down' }) }],
  ['normal-again', false, { ...killed, ...run(first, second) }],
  ['normal-again', false, { ...nobody, ...run(first) }],
  ['normal-again', false, killed],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/\.$/);
});
