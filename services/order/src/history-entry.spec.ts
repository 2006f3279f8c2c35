import type { StoredEvent } from '@emporium/event-store';
import { expect, test } from 'vitest';
import type { OrderEvent } from './domain/order.ts';
import { entryFor } from './history-entry.ts';

const customer = { userId: 'c1', role: 'customer' } as const;
const administrator = { userId: 'a1', role: 'administrator' } as const;
const stored = (event: OrderEvent): StoredEvent<OrderEvent> => ({
  ...{ id: 'e1', stream: 'o1', version: 9, at: new Date('2026-01-01T00:00:00.000Z'), event },
  cause: { actor: { kind: 'administrator', id: 'a1' }, correlationId: 'k1', causationId: 'b7ad6b7169203331' },
});
const refund = { refundId: 'r1', amount: { amount: 100, currency: 'EUR' }, lines: [] };
const requested = stored({ type: 'refund-requested', ...refund, restock: false, reason: 'looks like fraud' });
const common = {
  ...{ version: 9, id: 'e1', at: '2026-01-01T00:00:00.000Z', type: 'refund-requested' },
  ...{ correlationId: 'k1', causationId: 'b7ad6b7169203331' },
};

test('administrators see who it was, and what was written about a refund', () =>
  expect(entryFor(administrator, requested)).toEqual({
    ...common,
    data: { ...refund, restock: false, reason: 'looks like fraud' },
    actor: { kind: 'administrator', id: 'a1' },
  }));

test('customers see neither', () =>
  expect(entryFor(customer, requested)).toEqual({
    ...common,
    data: refund,
    actor: { kind: 'administrator' },
  }));

test('customers see why their order was cancelled', () => {
  const reason = { cancellation: 'out-of-stock', reason: 'MUG-1: 2 wanted, 1 left' } as const;
  expect(entryFor(customer, stored({ type: 'cancelled', ...reason })).data).toEqual(reason);
});
