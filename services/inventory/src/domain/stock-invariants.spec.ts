import { expect, test } from 'vitest';
import {
  commit,
  expireReservation,
  type Reservable,
  type Reservation,
  type ReservationDecision,
  release,
  reserve,
} from './reservation.ts';
import { returnSold, soldOf } from './returns.ts';
import type { StockLevel } from './stock.ts';

interface Inventory {
  readonly reservations: ReadonlyMap<string, Reservation>;
  readonly stock: ReadonlyMap<string, StockLevel>;
}

interface Command {
  readonly orderId: string;
  readonly decide: (state: Reservable) => ReservationDecision;
}

const inventory = (received: Readonly<Record<string, number>>): Inventory => ({
  reservations: new Map(),
  stock: new Map(
    Object.entries(received).map(([sku, pieces]): [string, StockLevel] => [
      sku,
      { received: pieces, sold: 0, reserved: 0 },
    ]),
  ),
});

const after = ({ reservations, stock }: Inventory, { orderId, decide }: Command) => {
  const reservation = reservations.get(orderId) ?? { status: 'none' };
  const { reply, change } = decide({ reservation, stock });
  const changed: Inventory = {
    reservations: new Map([...reservations, [orderId, change?.reservation ?? reservation]]),
    stock: new Map([...stock, ...(change?.stock ?? [])]),
  };
  return { reply, changed };
};

test('after any commands in any order, on hand = available + reserved and received = on hand + sold', () => {
  const random = seeded(7);
  const skus = ['A', 'B', 'C'];
  let state = inventory({ A: 20, B: 7, C: 1 });
  const outcomes = new Set<string>();
  for (let round = 0; round < 2_000; round += 1) {
    const { reply, changed } = after(state, anything(random, skus));
    outcomes.add(reply.kind);
    state = changed;
    for (const [sku, { received, sold, reserved }] of state.stock) {
      expect({ sku, reserved, sold }).toEqual({ sku, reserved: held(state, sku), sold: kept(state, sku) });
      expect(received - sold - reserved, `available ${sku} in round ${round}`).toBeGreaterThanOrEqual(0);
    }
  }
  expect([...outcomes].sort()).toEqual([
    'committed',
    'impossible',
    'rejected',
    'released',
    'reserved',
    'returned',
  ]);
});

const anything = (random: (below: number) => number, skus: readonly string[]): Command => {
  const orderId = `o-${random(150)}`;
  const lines = Array.from({ length: 1 + random(3) }, () => ({
    sku: skus[random(skus.length)] ?? 'A',
    quantity: 1 + random(3),
  }));
  const reserving = (state: Reservable) => reserve(state, lines);
  const returning = (state: Reservable) => returnSold(state, { refundId: `r-${random(4)}`, lines });
  const decide =
    [reserving, reserving, release, commit, expireReservation, returning][random(6)] ?? reserving;
  return { orderId, decide };
};

const held = ({ reservations }: Inventory, sku: string): number =>
  [...reservations.values()]
    .flatMap((each) => (each.status === 'reserved' ? each.lines : []))
    .filter((line) => line.sku === sku)
    .reduce((total, { quantity }) => total + quantity, 0);

/** The pieces that were sold and have not come back; never less than none of an order. */
const kept = ({ reservations }: Inventory, sku: string): number =>
  [...reservations.values()].reduce((total, each) => {
    const sold = each.status === 'committed' ? soldOf(each, sku) : 0;
    if (sold < 0) throw new Error(`more of ${sku} came back than was sold`);
    return total + sold;
  }, 0);

/** Random integers below the bound; the same sequence in every run. */
const seeded = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
};
