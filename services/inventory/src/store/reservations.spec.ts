import { expect, test } from 'vitest';
import type { Reservation } from '../domain/reservation.ts';
import { skusOf } from './reservations.ts';

test('locks only stock that may change: the lines of a new order, and the pieces that an order has reserved', () => {
  const open: Reservation = { status: 'reserved', lines: [{ sku: 'CUP', quantity: 1 }] };
  const subjects = [
    { orderId: 'new', lines: [{ sku: 'TEA' }] },
    { orderId: 'known', lines: [{ sku: 'HAT' }] },
    { orderId: 'open' },
    { orderId: 'unknown' },
  ];
  const reservations = new Map<string, Reservation>([
    ['known', { status: 'released' }],
    ['open', open],
  ]);
  expect(skusOf(subjects, reservations)).toEqual(['TEA', 'CUP']);
});
