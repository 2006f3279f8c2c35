import type { OrderLine } from '@emporium/contracts';
import {
  type Committed,
  changed,
  impossible,
  type Reservable,
  type ReservationDecision,
  type Return,
  sumBySku,
} from './reservation.ts';

/**
 * Puts sold pieces of an order back into the stock: they are no longer sold, and can be ordered again. Never more than were sold
 * to this order and have not come back. A repeated command changes nothing.
 */
export const returnSold = (
  { reservation, stock }: Reservable,
  { refundId, lines }: Return,
): ReservationDecision => {
  if (reservation.status !== 'committed') return impossible('nothing was sold to the order');
  const { returns = [] } = reservation;
  const reply = { kind: 'returned', refundId } as const;
  if (returns.some((known) => known.refundId === refundId)) return { reply };
  const returned = sumBySku(lines);
  const excess = returned.find(({ sku, quantity }) => quantity > soldOf(reservation, sku));
  if (excess !== undefined) {
    const { sku, quantity } = excess;
    return impossible(
      `${quantity} of ${sku} come back, but ${soldOf(reservation, sku)} are sold to the order`,
    );
  }
  return {
    reply,
    change: {
      reservation: { ...reservation, returns: [...returns, { refundId, lines: returned }] },
      stock: changed(returned, stock, (level, quantity) => ({ ...level, sold: level.sold - quantity })),
    },
  };
};

/** The pieces that were sold to the order, and have not come back. */
export const soldOf = ({ lines, returns = [] }: Committed, sku: string): number =>
  piecesOf(lines, sku) - returns.reduce((sum, each) => sum + piecesOf(each.lines, sku), 0);

const piecesOf = (lines: readonly OrderLine[], sku: string): number =>
  lines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
