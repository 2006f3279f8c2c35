import type { StoredCause, StoredEvent } from '@emporium/event-store';
import { expect, test } from 'vitest';
import type { OrderEvent } from '../domain/order.ts';
import { reportOf } from './report.ts';

const lines = [{ sku: 'MUG-1', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } }];
const total = { amount: 2_500, currency: 'EUR' };
const stored = (version: number, event: OrderEvent, cause: StoredCause): StoredEvent<OrderEvent> => ({
  ...{ id: `e${version}`, stream: 'o1', version, at: new Date(Date.UTC(2026, 0, 1, 0, 0, version)) },
  event,
  cause,
});

test('each event has the state after it, with what it changed marked', () => {
  const events = [
    stored(
      1,
      { type: 'placed', customerId: 'c1', lines, total },
      { actor: { kind: 'customer', id: 'c1' }, correlationId: 'k1', causationId: 'b7ad6b7169203331' },
    ),
    stored(
      2,
      { type: 'confirmed' },
      { actor: { kind: 'saga', name: 'fulfilment' }, correlationId: 'k1', causationId: 'm1' },
    ),
    stored(3, { type: 'delivered' }, { actor: { kind: 'unknown' } }),
  ];
  const report = reportOf({ events }, (_, text) => text).map((line) => line.trimEnd());
  expect(report).toEqual([
    '',
    '   1  placed  customerId c1, lines sku MUG-1, quantity 2, unitPrice 1250 EUR, total 2500 EUR',
    '      2026-01-01T00:00:01.000Z  by customer c1, because of b7ad6b7169203331, correlation k1',
    '    + status         placed',
    '    + customerId     c1',
    '    + lines[0]       sku MUG-1, quantity 2, unitPrice 1250 EUR',
    '    + total          2500 EUR',
    '    + delivered      false',
    '',
    '   2  confirmed',
    '      2026-01-01T00:00:02.000Z  by saga fulfilment, because of m1, correlation k1',
    '    ~ status         placed → confirmed',
    '      customerId     c1',
    '      lines[0]       sku MUG-1, quantity 2, unitPrice 1250 EUR',
    '      total          2500 EUR',
    '      delivered      false',
    '',
    '   3  delivered',
    '      2026-01-01T00:00:03.000Z  by unknown',
    '      status         confirmed',
    '      customerId     c1',
    '      lines[0]       sku MUG-1, quantity 2, unitPrice 1250 EUR',
    '      total          2500 EUR',
    '    ~ delivered      false → true',
  ]);
});
