import { expect, test } from 'vitest';
import type { Reservation } from '../domain/reservation.ts';
import { skusOf } from './reservations.ts';

test('locks only stock that may change: the lines of a new order, the pieces that an order has reserved, and those that come back', () => {
  const open: Reservation = { status: 'reserved', lines: [{ sku: 'CUP', quantity: 1 }] };
  const subjects = [
    { orderId: 'new', lines: [{ sku: 'TEA' }] },
    { orderId: 'known', lines: [{ sku: 'HAT' }] },
    { orderId: 'open' },
    { orderId: 'unknown' },
    { orderId: 'sold', lines: [{ sku: 'PEN' }] },
    { orderId: 'sold', lines: [{ sku: 'BAG' }], refundId: 'r-1' },
  ];
  const reservations = new Map<string, Reservation>([
    ['known', { status: 'released' }],
    ['open', open],
    ['sold', { status: 'committed', lines: [{ sku: 'BAG', quantity: 1 }] }],
  ]);
  expect(skusOf(subjects, reservations)).toEqual(['TEA', 'CUP', 'BAG']);
});
