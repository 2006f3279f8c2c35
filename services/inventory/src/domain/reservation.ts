import type { OrderLine } from '@emporium/contracts';
import { availableOf, type Stock, type StockLevel } from './stock.ts';

/** The reservation of one order. */
export type Reservation =
  /** No command for this order was received. */
  | { readonly status: 'none' }
  | { readonly status: 'reserved'; readonly lines: readonly OrderLine[] }
  | { readonly status: 'rejected'; readonly rejection: Rejection }
  /** Also the tombstone of an order that was never reserved, which rejects a reservation that arrives late. */
  | { readonly status: 'released' }
  | Committed;

export interface Committed {
  readonly status: 'committed';
  readonly lines: readonly OrderLine[];
  /** The sold pieces that came back; left out before the first ones. */
  readonly returns?: readonly Return[];
}

/** The pieces that came back for one refund. */
export interface Return {
  readonly refundId: string;
  readonly lines: readonly OrderLine[];
}

export interface Rejection {
  readonly reason: 'out-of-stock' | 'unknown-sku' | 'released' | 'expired';
  readonly missing: readonly Missing[];
}

export interface Missing {
  readonly sku: string;
  readonly requested: number;
  readonly available: number;
}

/** The state of a decision: the reservation of one order and the stock of its products. */
export interface Reservable {
  readonly reservation: Reservation;
  readonly stock: Stock;
}

export interface ReservationChange {
  readonly reservation: Reservation;
  /** The stock levels that change. */
  readonly stock?: Stock;
}

/** The reply to a command. */
export type ReservationReply =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'released' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'returned'; readonly refundId: string }
  /** The command contradicts the state, and no reply would be right. */
  | { readonly kind: 'impossible'; readonly reason: string };

export interface ReservationDecision {
  readonly reply: ReservationReply;
  /** Undefined when nothing changes. */
  readonly change?: ReservationChange;
}

/** Reserves all lines or none. A repeated command gets the first reply again and changes nothing. */
export const reserve = (
  { reservation, stock }: Reservable,
  requested: readonly OrderLine[],
): ReservationDecision => {
  if (reservation.status !== 'none') return { reply: repeatedReply(reservation) };
  const lines = sumBySku(requested);
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
    reply: { kind: 'reserved' },
    change: {
      reservation: { status: 'reserved', lines },
      stock: changed(lines, stock, (level, quantity) => ({ ...level, reserved: level.reserved + quantity })),
    },
  };
};

/** Rejects a reservation whose command has expired. */
export const expireReservation = ({ reservation }: Reservable): ReservationDecision =>
  reservation.status === 'none'
    ? reject({ reason: 'expired', missing: [] })
    : { reply: repeatedReply(reservation) };

/** Releases a reservation. For an order without one it leaves a tombstone, which rejects a reservation that arrives late. */
export const release = ({ reservation, stock }: Reservable): ReservationDecision => {
  const reply = { kind: 'released' } as const;
  switch (reservation.status) {
    case 'none':
      return { reply, change: { reservation: { status: 'released' } } };
    case 'rejected':
    case 'released':
      return { reply };
    case 'reserved':
      return {
        reply,
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

/** Turns the reserved pieces into sold ones. */
export const commit = ({ reservation, stock }: Reservable): ReservationDecision => {
  switch (reservation.status) {
    case 'none':
      return impossible('nothing is reserved for the order');
    case 'rejected':
    case 'released':
      return impossible(`the reservation of the order is ${reservation.status}`);
    case 'committed':
      return { reply: { kind: 'committed' } };
    case 'reserved': {
      const { lines } = reservation;
      return {
        reply: { kind: 'committed' },
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

const reject = (rejection: Rejection): ReservationDecision => ({
  reply: { kind: 'rejected', rejection },
  change: { reservation: { status: 'rejected', rejection } },
});

/** The reply to a command that was handled before. */
const repeatedReply = (reservation: Exclude<Reservation, { status: 'none' }>): ReservationReply => {
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

export const impossible = (reason: string): ReservationDecision => ({
  reply: { kind: 'impossible', reason },
});

/** Adds up the lines of the same sku. */
export const sumBySku = (lines: readonly OrderLine[]): OrderLine[] => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
};

/** The stock levels of these lines after a change. */
export const changed = (
  lines: readonly OrderLine[],
  stock: Stock,
  change: (level: StockLevel, quantity: number) => StockLevel,
): Stock =>
  new Map(
    lines.map(({ sku, quantity }) => {
      const level = stock.get(sku);
      if (level === undefined) throw new Error(`the stock of ${sku} was not loaded`);
      return [sku, change(level, quantity)];
    }),
  );
