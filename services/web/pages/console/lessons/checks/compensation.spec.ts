import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './compensation.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();
const from = (minute: number): string => `/api/admin/orders?limit=20&from=${encodeURIComponent(at(minute))}`;

const refusal = { target: 'carrier', operation: 'ship', mode: 'refuse', hits: 0 };
const faults = (...set: readonly unknown[]) => ({ '/simulator/faults': { faults: set } });
const cancelled = { orderId: 'o1', customerId: 'c', status: 'cancelled', placedAt: at(1) };
const happened = (...whats: readonly string[]) => ({
  [from(0)]: { orders: [cancelled] },
  '/api/orders/o1': { timeline: whats.map((what) => ({ at: at(1), what })) },
});
const compensated = happened(
  ...['stock reserved', 'payment authorised', 'dispatch failed'],
  ...['payment voided', 'stock released', 'cancelled'],
);
const declined = happened('stock reserved', 'payment declined', 'stock released', 'cancelled');
const ledger = (...lines: readonly unknown[]) => ({
  '/simulator/ledger?reference=o1': { authorisations: lines },
});
const later = (status: string) => ({
  [from(1)]: { orders: [{ ...cancelled, orderId: 'o2', status, placedAt: at(2) }, cancelled] },
});

test.each([
  ['carrier-refuses', true, faults(refusal)],
  ['carrier-refuses', false, faults()],
  ['carrier-refuses', false, faults({ ...refusal, target: 'payment' })],
  ['carrier-refuses', false, faults({ ...refusal, reference: 'o1' })],
  ['carrier-refuses', false, {}],
  ['order-compensated', true, compensated],
  ['order-compensated', false, declined],
  ['order-compensated', false, { [from(0)]: { orders: [] } }],
  ['order-compensated', false, {}],
  ['no-money-moved', true, { ...compensated, ...ledger({ status: 'voided', held: 0, captured: 0 }) }],
  ['no-money-moved', false, { ...compensated, ...ledger({ status: 'authorised', held: 5, captured: 0 }) }],
  ['no-money-moved', false, { ...compensated, ...ledger({ status: 'captured', held: 0, captured: 5 }) }],
  ['no-money-moved', false, { ...compensated, ...ledger() }],
  ['no-money-moved', false, compensated],
  ['repaired', true, { ...compensated, ...faults(), ...later('completed') }],
  ['repaired', false, { ...compensated, ...faults(refusal), ...later('completed') }],
  ['repaired', false, { ...compensated, ...faults(), ...later('placed') }],
  ['repaired', false, { ...declined, ...faults(), ...later('completed') }],
  ['repaired', false, { ...compensated, ...later('completed') }],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/^[A-Z0-9].*[.:].*$/);
});
