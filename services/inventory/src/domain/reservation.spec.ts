import { describe, expect, test } from 'vitest';
import {
  commit,
  expireReservation,
  type Reservable,
  type Reservation,
  type ReservationDecision,
  release,
  reserve as reserveLines,
} from './reservation.ts';
import type { Stock, StockLevel } from './stock.ts';

const level = (received: number, taken: Partial<StockLevel> = {}): StockLevel => ({
  received,
  sold: 0,
  reserved: 0,
  ...taken,
});
const stock: Stock = new Map([
  ['TEA', level(10)],
  ['CUP', level(5, { sold: 2, reserved: 2 })],
]);
const line = (sku: string, quantity: number) => ({ sku, quantity });
const reserve =
  (...lines: { sku: string; quantity: number }[]) =>
  (state: Reservable) =>
    reserveLines(state, lines);
const expire = expireReservation;
const none: Reservation = { status: 'none' };

/** Given a reservation, when a command arrives, then this is decided. */
const given = (reservation: Reservation, levels: Stock = stock) => ({
  when: (command: (state: Reservable) => ReservationDecision) => command({ reservation, stock: levels }),
});

const reserved: Reservation = { status: 'reserved', lines: [line('CUP', 2)] };
const rejected: Reservation = {
  status: 'rejected',
  rejection: { reason: 'out-of-stock', missing: [{ sku: 'TEA', requested: 11, available: 10 }] },
};

describe('a reservation', () => {
  test('reserves every line', () => {
    expect(given(none).when(reserve(line('TEA', 10), line('CUP', 1)))).toEqual({
      reply: { kind: 'reserved' },
      change: {
        reservation: { status: 'reserved', lines: [line('TEA', 10), line('CUP', 1)] },
        stock: new Map([
          ['TEA', level(10, { reserved: 10 })],
          ['CUP', level(5, { sold: 2, reserved: 3 })],
        ]),
      },
    });
  });

  test('reserves nothing when one line is out of stock, and says which', () => {
    const rejection = { reason: 'out-of-stock', missing: [{ sku: 'CUP', requested: 2, available: 1 }] };
    expect(given(none).when(reserve(line('TEA', 1), line('CUP', 2)))).toEqual({
      reply: { kind: 'rejected', rejection },
      change: { reservation: { status: 'rejected', rejection } },
    });
  });

  test('adds up lines of the same sku', () => {
    expect(given(none).when(reserve(line('TEA', 6), line('TEA', 5)))).toMatchObject({
      reply: { rejection: { missing: [{ sku: 'TEA', requested: 11, available: 10 }] } },
    });
    expect(given(none).when(reserve(line('TEA', 6), line('TEA', 4)))).toMatchObject({
      change: { reservation: { lines: [line('TEA', 10)] } },
    });
  });

  test('of an unknown sku is rejected as such', () => {
    expect(given(none).when(reserve(line('HAT', 1), line('CUP', 9)))).toMatchObject({
      reply: {
        rejection: {
          reason: 'unknown-sku',
          missing: [
            { sku: 'HAT', requested: 1, available: 0 },
            { sku: 'CUP', requested: 9, available: 1 },
          ],
        },
      },
    });
  });

  test.each<[string, Reservation, object]>([
    ['reserved', reserved, { kind: 'reserved' }],
    ['committed', { status: 'committed', lines: [] }, { kind: 'reserved' }],
    ['rejected', rejected, { kind: 'rejected', rejection: rejected.rejection }],
    [
      'released',
      { status: 'released' },
      { kind: 'rejected', rejection: { reason: 'released', missing: [] } },
    ],
  ])('repeated when it is %s gets the first reply and changes nothing', (_, known, reply) => {
    expect(given(known).when(reserve(line('TEA', 1)))).toEqual({ reply });
    expect(given(known).when(expire)).toEqual({ reply });
  });

  test('that has expired is rejected, and stays rejected', () => {
    const rejection = { reason: 'expired', missing: [] };
    expect(given(none).when(expire)).toEqual({
      reply: { kind: 'rejected', rejection },
      change: { reservation: { status: 'rejected', rejection } },
    });
  });
});

describe('a release', () => {
  test('makes the pieces available again', () => {
    expect(given(reserved).when(release)).toEqual({
      reply: { kind: 'released' },
      change: {
        reservation: { status: 'released' },
        stock: new Map([['CUP', level(5, { sold: 2, reserved: 0 })]]),
      },
    });
  });

  test('of an unknown order leaves a tombstone', () => {
    expect(given(none).when(release)).toEqual({
      reply: { kind: 'released' },
      change: { reservation: { status: 'released' } },
    });
  });

  test.each<[string, Reservation]>([
    ['released', { status: 'released' }],
    ['rejected', rejected],
  ])('of a reservation that is %s is answered and changes nothing', (_, known) => {
    expect(given(known).when(release)).toEqual({ reply: { kind: 'released' } });
  });

  test('of a committed reservation is impossible', () => {
    expect(given({ status: 'committed', lines: [] }).when(release)).toMatchObject({
      reply: { kind: 'impossible', reason: expect.stringContaining('sold') },
    });
  });
});

describe('a commit', () => {
  test('sells the reserved pieces', () => {
    expect(given(reserved).when(commit)).toEqual({
      reply: { kind: 'committed' },
      change: {
        reservation: { status: 'committed', lines: [line('CUP', 2)] },
        stock: new Map([['CUP', level(5, { sold: 4, reserved: 0 })]]),
      },
    });
  });

  test('that is repeated is answered and changes nothing', () => {
    expect(given({ status: 'committed', lines: [line('CUP', 2)] }).when(commit)).toEqual({
      reply: { kind: 'committed' },
    });
  });

  test.each<[string, Reservation]>([
    ['unknown', none],
    ['released', { status: 'released' }],
    ['rejected', rejected],
  ])('of a reservation that is %s is impossible', (_, known) => {
    expect(given(known).when(commit)).toEqual({
      reply: { kind: 'impossible', reason: expect.stringContaining('order') },
    });
  });
});
