import type { OrderLine } from '@emporium/contracts';
import { availableOf, type Stock, type StockLevel } from './stock.ts';

/** What became of the stock of one order. */
export type Reservation =
  /** Nobody has asked for it. */
  | { readonly status: 'none' }
  | { readonly status: 'reserved'; readonly lines: readonly OrderLine[] }
  | { readonly status: 'rejected'; readonly rejection: Rejection }
  /** Also of an order without a reservation: then it refuses the one that comes late. */
  | { readonly status: 'released' }
  | { readonly status: 'committed'; readonly lines: readonly OrderLine[] };

export interface Rejection {
  readonly reason: 'out-of-stock' | 'unknown-sku' | 'released' | 'expired';
  readonly missing: readonly Missing[];
}

export interface Missing {
  readonly sku: string;
  readonly requested: number;
  readonly available: number;
}

/** What is decided on: the reservation of one order, and the stock of the products that it is about. */
export interface Reservable {
  readonly reservation: Reservation;
  readonly stock: Stock;
}

/** What becomes of it. */
export interface ReservationChange {
  readonly reservation: Reservation;
  /** The levels that change. */
  readonly stock?: Stock;
}

/** What a command is answered. */
export type Answer =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'released' }
  | { readonly kind: 'committed' }
  /** The sender has lost track: there is nothing that could be answered. */
  | { readonly kind: 'impossible'; readonly reason: string };

export interface Settlement {
  readonly answer: Answer;
  /** Left out where nothing changes. */
  readonly change?: ReservationChange;
}

/** Every line or none. A repeated command gets the answer of the first one and changes nothing. */
export const reserve = ({ reservation, stock }: Reservable, asked: readonly OrderLine[]): Settlement => {
  if (reservation.status !== 'none') return { answer: knownTo(reservation) };
  const lines = summed(asked);
  const missing = lines.flatMap(({ sku, quantity }): Missing[] => {
    const level = stock.get(sku);
    const available = level === undefined ? 0 : availableOf(level);
    return available >= quantity ? [] : [{ sku, requested: quantity, available }];
  });
  if (missing.length > 0) {
    const isUnknown = missing.some(({ sku }) => !stock.has(sku));
    return reject({ reason: isUnknown ? 'unknown-sku' : 'out-of-stock', missing });
  }
  return {
    answer: { kind: 'reserved' },
    change: {
      reservation: { status: 'reserved', lines },
      stock: changed(lines, stock, (level, quantity) => ({ ...level, reserved: level.reserved + quantity })),
    },
  };
};

/** A reservation that was asked for too late to be made. */
export const expireReservation = ({ reservation }: Reservable): Settlement =>
  reservation.status === 'none'
    ? reject({ reason: 'expired', missing: [] })
    : { answer: knownTo(reservation) };

/** Of an order without a reservation a tombstone stays, which refuses the one that comes late. */
export const release = ({ reservation, stock }: Reservable): Settlement => {
  const answer = { kind: 'released' } as const;
  switch (reservation.status) {
    case 'none':
      return { answer, change: { reservation: { status: 'released' } } };
    case 'rejected':
    case 'released':
      return { answer };
    case 'reserved':
      return {
        answer,
        change: {
          reservation: { status: 'released' },
          stock: changed(reservation.lines, stock, (level, quantity) => ({
            ...level,
            reserved: level.reserved - quantity,
          })),
        },
      };
    case 'committed':
      return impossible('the reservation is committed: its pieces are sold');
  }
};

/** The reserved pieces are sold. */
export const commit = ({ reservation, stock }: Reservable): Settlement => {
  switch (reservation.status) {
    case 'none':
      return impossible('nothing is reserved for the order');
    case 'rejected':
    case 'released':
      return impossible(`the reservation of the order is ${reservation.status}`);
    case 'committed':
      return { answer: { kind: 'committed' } };
    case 'reserved': {
      const { lines } = reservation;
      return {
        answer: { kind: 'committed' },
        change: {
          reservation: { status: 'committed', lines },
          stock: changed(lines, stock, (level, quantity) => ({
            ...level,
            sold: level.sold + quantity,
            reserved: level.reserved - quantity,
          })),
        },
      };
    }
  }
};

const reject = (rejection: Rejection): Settlement => ({
  answer: { kind: 'rejected', rejection },
  change: { reservation: { status: 'rejected', rejection } },
});

/** What a reservation that is asked for again is answered. */
const knownTo = (reservation: Exclude<Reservation, { status: 'none' }>): Answer => {
  switch (reservation.status) {
    case 'reserved':
    case 'committed':
      return { kind: 'reserved' };
    case 'rejected':
      return { kind: 'rejected', rejection: reservation.rejection };
    case 'released':
      return { kind: 'rejected', rejection: { reason: 'released', missing: [] } };
  }
};

const impossible = (reason: string): Settlement => ({ answer: { kind: 'impossible', reason } });

/** One line a sku. */
const summed = (lines: readonly OrderLine[]): OrderLine[] => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
};

const changed = (
  lines: readonly OrderLine[],
  stock: Stock,
  change: (level: StockLevel, quantity: number) => StockLevel,
): Stock =>
  new Map(
    lines.map(({ sku, quantity }) => {
      const level = stock.get(sku);
      if (level === undefined) throw new Error(`The stock of ${sku} was not loaded`);
      return [sku, change(level, quantity)];
    }),
  );
