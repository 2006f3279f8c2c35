import { fold, given } from '@emporium/event-store';
import { expect, test } from 'vitest';
import { type LedgerCommand, type LedgerEvent, ledgerDecider } from './ledger.ts';

const credit = (orderId: string, points: number): LedgerCommand => ({ type: 'credit', orderId, points });
const takeBack = (orderId: string, sequence: number, earned: number, kept: number): LedgerCommand => ({
  type: 'take-back',
  ...{ orderId, sequence, earned, kept },
});
const earned = (orderId: string, points: number, balance: number): LedgerEvent => ({
  type: 'earned',
  ...{ orderId, points, kept: points, balance },
});

test('a completed order earns its points', () =>
  given(ledgerDecider, earned('a', 12, 12))
    .when(credit('b', 30))
    .then(earned('b', 30, 42)));

test('an order earns its points once', () =>
  given(ledgerDecider, earned('a', 12, 12))
    .when(credit('a', 12))
    .then());

test('a refund takes back what the rest of the order does not earn', () =>
  given(ledgerDecider, earned('a', 12, 12), earned('b', 30, 42))
    .when(takeBack('b', 9, 30, 20))
    .then({ type: 'taken-back', orderId: 'b', sequence: 9, points: 10, kept: 20, balance: 32 }));

test('a refund that comes before the completion leads to the same entries', () => {
  const entries: readonly LedgerEvent[] = [
    earned('a', 12, 12),
    { type: 'taken-back', orderId: 'a', sequence: 9, points: 5, kept: 7, balance: 7 },
  ];
  given(ledgerDecider)
    .when(takeBack('a', 9, 12, 7))
    .then(...entries);
  given(ledgerDecider, ...entries)
    .when(credit('a', 12))
    .then();
});

test('an older or repeated refund changes nothing', () => {
  const taken: LedgerEvent = {
    type: 'taken-back',
    ...{ orderId: 'a', sequence: 10, points: 5, kept: 7, balance: 7 },
  };
  const ledger = given(ledgerDecider, earned('a', 12, 12), taken);
  ledger.when(takeBack('a', 10, 12, 7)).then();
  ledger.when(takeBack('a', 9, 12, 11)).then();
});

test('a refund too small for a point is remembered, so that an older one cannot undo a newer one', () =>
  given(ledgerDecider, earned('a', 12, 12))
    .when(takeBack('a', 9, 12, 12))
    .then({ type: 'taken-back', orderId: 'a', sequence: 9, points: 0, kept: 12, balance: 12 }));

test('the balance is the same in every order of the messages, and however often each comes', () => {
  const messages = [
    credit('a', 12),
    takeBack('a', 8, 12, 11),
    takeBack('a', 9, 12, 4),
    credit('b', 100),
    takeBack('b', 8, 100, 0),
    credit('c', 7),
  ];
  for (const order of permutations(messages)) {
    const twice = [...order, ...order.slice(0, 3)];
    const entries: LedgerEvent[] = [];
    for (const command of twice) entries.push(...ledgerDecider.decide(command, fold(ledgerDecider, entries)));
    const { balance } = fold(ledgerDecider, entries);
    expect(balance).toBe(4 + 0 + 7);
    const sum = entries.reduce((all, { type, points }) => all + (type === 'earned' ? points : -points), 0);
    expect(sum).toBe(balance);
  }
});

const permutations = <Item>(items: readonly Item[]): Item[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
