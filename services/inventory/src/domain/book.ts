import { decide, type Reservation, type StockAnswer, type StockCommand } from './reservation.ts';
import type { Stock, StockLevel } from './stock.ts';

/** Reservations by order id, and the stock that they take from. */
export interface Book {
  readonly reservations: ReadonlyMap<string, Reservation>;
  readonly stock: Stock;
}

export interface Entered {
  /** In the order of the commands. */
  readonly answers: readonly StockAnswer[];
  /** What has changed, as it is now. */
  readonly changes: Book;
}

/** Decides the commands one after the other: each sees what those before it changed. */
export const enter = (commands: readonly StockCommand[], book: Book): Entered => {
  const reservations = new Map(book.reservations);
  const stock = new Map(book.stock);
  const changes = { reservations: new Map<string, Reservation>(), stock: new Map<string, StockLevel>() };
  const answers = commands.map((command) => {
    const decision = decide(command, reservations.get(command.orderId), stock);
    if (decision.reservation !== undefined) {
      reservations.set(command.orderId, decision.reservation);
      changes.reservations.set(command.orderId, decision.reservation);
    }
    for (const [sku, level] of decision.stock ?? []) {
      stock.set(sku, level);
      changes.stock.set(sku, level);
    }
    return decision.answer;
  });
  return { answers, changes };
};

/** The products whose stock these commands may change. */
export const skusOf = (
  commands: readonly StockCommand[],
  reservations: ReadonlyMap<string, Reservation>,
): readonly string[] => {
  const skus = new Set<string>();
  for (const command of commands) {
    const reservation = reservations.get(command.orderId);
    const known = reservation?.status === 'reserved' ? reservation.lines : [];
    const asked = command.kind === 'reserve' && reservation === undefined ? command.lines : [];
    for (const { sku } of [...known, ...asked]) skus.add(sku);
  }
  return [...skus];
};
