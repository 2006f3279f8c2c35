import { expect, test } from 'vitest';
import type { Reservation } from './reservation.ts';
import { returnSold } from './returns.ts';
import type { Stock } from './stock.ts';

const line = (sku: string, quantity: number) => ({ sku, quantity });
const stock: Stock = new Map([
  ['CUP', { received: 9, sold: 5, reserved: 1 }],
  ['TEA', { received: 9, sold: 4, reserved: 0 }],
]);
const sold: Reservation = { status: 'committed', lines: [line('CUP', 3), line('TEA', 1)] };
const given = (reservation: Reservation) => ({
  when: (refundId: string, ...lines: ReturnType<typeof line>[]) =>
    returnSold({ reservation, stock }, { refundId, lines }),
});

test('returned pieces are no longer sold', () => {
  expect(given(sold).when('r-1', line('CUP', 2))).toEqual({
    reply: { kind: 'returned', refundId: 'r-1' },
    change: {
      reservation: { ...sold, returns: [{ refundId: 'r-1', lines: [line('CUP', 2)] }] },
      stock: new Map([['CUP', { received: 9, sold: 3, reserved: 1 }]]),
    },
  });
});

test('a repeated command is answered again, and changes nothing', () => {
  const returned: Reservation = { ...sold, returns: [{ refundId: 'r-1', lines: [line('CUP', 2)] }] };
  expect(given(returned).when('r-1', line('CUP', 2))).toEqual({
    reply: { kind: 'returned', refundId: 'r-1' },
  });
});

test('no more pieces come back than were sold to the order', () => {
  const returned: Reservation = { ...sold, returns: [{ refundId: 'r-1', lines: [line('CUP', 2)] }] };
  expect(given(returned).when('r-2', line('CUP', 2)).reply).toEqual({
    kind: 'impossible',
    reason: '2 of CUP come back, but 1 are sold to the order',
  });
  expect(given(sold).when('r-1', line('CUP', 2), line('CUP', 2)).reply.kind).toBe('impossible');
  expect(given(sold).when('r-1', line('HAT', 1)).reply.kind).toBe('impossible');
  expect(given(returned).when('r-2', line('CUP', 1), line('TEA', 1)).reply.kind).toBe('returned');
});

test.each<Reservation>([
  { status: 'none' },
  { status: 'reserved', lines: [line('CUP', 3)] },
  { status: 'released' },
])('nothing comes back of a reservation that is $status', (reservation) => {
  expect(given(reservation).when('r-1', line('CUP', 1)).reply.kind).toBe('impossible');
});
