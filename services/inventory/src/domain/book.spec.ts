import { expect, test } from 'vitest';
import { type Book, enter, skusOf } from './book.ts';
import type { Reservation, StockCommand } from './reservation.ts';
import type { StockLevel } from './stock.ts';

const book = (stock: Readonly<Record<string, number>>): Book => ({
  reservations: new Map(),
  stock: new Map(
    Object.entries(stock).map(([sku, received]): [string, StockLevel] => [
      sku,
      { received, sold: 0, reserved: 0 },
    ]),
  ),
});

test('each command sees what those before it changed', () => {
  const lines = [{ sku: 'TEA', quantity: 3 }];
  const commands: StockCommand[] = [
    { kind: 'reserve', orderId: 'a', lines },
    { kind: 'reserve', orderId: 'b', lines },
    { kind: 'release', orderId: 'a' },
    { kind: 'reserve', orderId: 'c', lines },
    { kind: 'commit', orderId: 'c' },
  ];
  const { answers, changes } = enter(commands, book({ TEA: 5 }));
  expect(answers.map(({ kind }) => kind)).toEqual([
    'reserved',
    'rejected',
    'released',
    'reserved',
    'committed',
  ]);
  expect(changes.stock).toEqual(new Map([['TEA', { received: 5, sold: 3, reserved: 0 }]]));
  expect([...changes.reservations].map(([id, { status }]) => [id, status])).toEqual([
    ['a', 'released'],
    ['b', 'rejected'],
    ['c', 'committed'],
  ]);
});

test('only what is touched is loaded: the lines of a new order, the pieces that an open one holds', () => {
  const held: Reservation = { status: 'reserved', lines: [{ sku: 'CUP', quantity: 1 }] };
  const commands: StockCommand[] = [
    { kind: 'reserve', orderId: 'new', lines: [{ sku: 'TEA', quantity: 1 }] },
    { kind: 'reserve', orderId: 'known', lines: [{ sku: 'HAT', quantity: 1 }] },
    { kind: 'release', orderId: 'open' },
    { kind: 'release', orderId: 'unknown' },
  ];
  const reservations = new Map<string, Reservation>([
    ['known', { status: 'released' }],
    ['open', held],
  ]);
  expect(skusOf(commands, reservations)).toEqual(['TEA', 'CUP']);
});

test('whatever is asked in whatever order, on hand = available + reserved and received = on hand + sold', () => {
  const random = seeded(7);
  const skus = ['A', 'B', 'C'];
  let state = book({ A: 20, B: 7, C: 1 });
  const outcomes = new Set<string>();
  for (let round = 0; round < 2_000; round += 1) {
    const command = anything(random, skus);
    const { answers, changes } = enter([command], state);
    for (const { kind } of answers) outcomes.add(kind);
    state = {
      reservations: new Map([...state.reservations, ...changes.reservations]),
      stock: new Map([...state.stock, ...changes.stock]),
    };
    for (const [sku, { received, sold, reserved }] of state.stock) {
      const held = sum(state, 'reserved', sku);
      expect({ sku, reserved, sold }).toEqual({ sku, reserved: held, sold: sum(state, 'committed', sku) });
      expect(received - sold - reserved, `available ${sku} in round ${round}`).toBeGreaterThanOrEqual(0);
    }
  }
  expect([...outcomes].sort()).toEqual(['committed', 'impossible', 'rejected', 'released', 'reserved']);
});

const anything = (random: (below: number) => number, skus: readonly string[]): StockCommand => {
  const orderId = `o-${random(150)}`;
  const kind = (['reserve', 'reserve', 'release', 'commit', 'expire'] as const)[random(5)] ?? 'reserve';
  if (kind !== 'reserve') return { kind, orderId };
  const lines = Array.from({ length: 1 + random(3) }, () => ({
    sku: skus[random(skus.length)] ?? 'A',
    quantity: 1 + random(3),
  }));
  return { kind, orderId, lines };
};

const sum = ({ reservations }: Book, status: 'reserved' | 'committed', sku: string): number =>
  [...reservations.values()]
    .flatMap((each) => (each.status === status ? each.lines : []))
    .filter((line) => line.sku === sku)
    .reduce((total, { quantity }) => total + quantity, 0);

/** The same sequence in every run: an integer below the bound. */
const seeded = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
};
