import type { OrderLine } from '@emporium/contracts';
import { availableOf, type Stock, type StockLevel } from './stock.ts';

/** What became of the stock of one order. */
export type Reservation =
  | { readonly status: 'reserved'; readonly lines: readonly OrderLine[] }
  | { readonly status: 'rejected'; readonly rejection: Rejection }
  /** Also of an order that nobody reserved for: then it refuses the reservation that comes late. */
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

export type StockCommand =
  | { readonly kind: 'reserve'; readonly orderId: string; readonly lines: readonly OrderLine[] }
  /** A reservation that was asked for too late to be made. */
  | { readonly kind: 'expire'; readonly orderId: string }
  | { readonly kind: 'release'; readonly orderId: string }
  | { readonly kind: 'commit'; readonly orderId: string };

export type StockAnswer =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'released' }
  | { readonly kind: 'committed' }
  /** Nothing that can be answered: whoever asked this has lost track. */
  | { readonly kind: 'impossible'; readonly why: string };

export interface Decision {
  readonly answer: StockAnswer;
  /** Left out where nothing changes. */
  readonly reservation?: Reservation;
  /** The levels that change. */
  readonly stock?: Stock;
}

/** Every line or none. A repeated command gets the answer of the first one and changes nothing. */
export const decide = (
  command: StockCommand,
  reservation: Reservation | undefined,
  stock: Stock,
): Decision => {
  switch (command.kind) {
    case 'reserve':
      return reservation === undefined ? reserve(command.lines, stock) : { answer: knownTo(reservation) };
    case 'expire':
      return reservation === undefined ? reject(expired) : { answer: knownTo(reservation) };
    case 'release':
      return release(reservation, stock);
    case 'commit':
      return commit(command.orderId, reservation, stock);
  }
};

const expired: Rejection = { reason: 'expired', missing: [] };

const reject = (rejection: Rejection): Decision => ({
  answer: { kind: 'rejected', rejection },
  reservation: { status: 'rejected', rejection },
});

/** What a reservation that is asked for again is answered. */
const knownTo = (reservation: Reservation): StockAnswer => {
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

const reserve = (asked: readonly OrderLine[], stock: Stock): Decision => {
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
    reservation: { status: 'reserved', lines },
    stock: changed(lines, stock, (level, quantity) => ({ ...level, reserved: level.reserved + quantity })),
  };
};

const release = (reservation: Reservation | undefined, stock: Stock): Decision => {
  const answer: StockAnswer = { kind: 'released' };
  switch (reservation?.status) {
    case undefined:
      return { answer, reservation: { status: 'released' } };
    case 'rejected':
    case 'released':
      return { answer };
    case 'reserved':
      return {
        answer,
        reservation: { status: 'released' },
        stock: changed(reservation.lines, stock, (level, quantity) => ({
          ...level,
          reserved: level.reserved - quantity,
        })),
      };
    case 'committed':
      return impossible('the reservation is committed: its pieces are sold');
  }
};

const commit = (orderId: string, reservation: Reservation | undefined, stock: Stock): Decision => {
  switch (reservation?.status) {
    case undefined:
      return impossible(`nothing is reserved for ${orderId}`);
    case 'rejected':
    case 'released':
      return impossible(`the reservation of ${orderId} is ${reservation.status}`);
    case 'committed':
      return { answer: { kind: 'committed' } };
    case 'reserved': {
      const { lines } = reservation;
      return {
        answer: { kind: 'committed' },
        reservation: { status: 'committed', lines },
        stock: changed(lines, stock, (level, quantity) => ({
          ...level,
          sold: level.sold + quantity,
          reserved: level.reserved - quantity,
        })),
      };
    }
  }
};

const impossible = (why: string): Decision => ({ answer: { kind: 'impossible', why } });

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
