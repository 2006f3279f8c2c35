import { currencyDigits, decimalAmount } from '@emporium/contracts';
import { fold, isRefused } from '@emporium/event-store';
import { describe, expect, test } from 'vitest';
import { type OrderCommand, type OrderEvent, type OrderRefusal, orderDecider } from './order.ts';
import { refundedOf } from './refunds.ts';

/** Random integers from 0 to below the bound; the same sequence for the same seed. */
const seeded = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
};

/** Refunds of lines and amounts of one order, many at one time, until nothing is left; in minor units. */
const refundAll = (currency: string, seed: number) => {
  const random = seeded(seed);
  const money = (amount: number) => ({ amount, currency });
  const lines = Array.from({ length: 1 + random(4) }, (_, n) => ({
    sku: `P-${n}`,
    quantity: 1 + random(5),
    unitPrice: money(1 + random(100_000)),
  }));
  const total = money(lines.reduce((sum, line) => sum + line.quantity * line.unitPrice.amount, 0));
  const history: OrderEvent[] = [
    { type: 'placed', customerId: 'c', lines, total },
    { type: 'confirmed' },
    { type: 'completed' },
  ];
  const decide = (command: OrderCommand): boolean => {
    const decision = orderDecider.decide(command, fold(orderDecider, history));
    if (isRefused<OrderEvent, OrderRefusal>(decision)) return false;
    history.push(...decision);
    return true;
  };
  const amountOf = (amount = 1 + random(Math.ceil(total.amount / 3))): OrderCommand => ({
    type: 'request-refund',
    refundId: `r-${history.length}`,
    refund: { kind: 'amount', amount: money(amount) },
    reason: 'r',
  });
  const linesOf = (): OrderCommand => {
    const line = lines[random(lines.length)];
    const piece = { sku: line?.sku ?? '', quantity: 1 + random(line?.quantity ?? 1) };
    return {
      type: 'request-refund',
      refundId: `r-${history.length}`,
      refund: { kind: 'lines', lines: [piece], restock: random(2) === 0 },
      reason: 'r',
    };
  };
  const outcomes = { accepted: 0, refused: 0 };
  const requested: OrderEvent[] = [];
  const attempt = (command: OrderCommand): void => {
    outcomes[decide(command) ? 'accepted' : 'refused'] += 1;
    const last = history.at(-1);
    if (last?.type === 'refund-requested' && !requested.includes(last)) requested.push(last);
  };
  const finishOne = (): void => {
    const open = requested.splice(random(requested.length), 1)[0];
    if (open?.type === 'refund-requested') decide({ type: 'complete-refund', refundId: open.refundId });
  };
  for (let turn = 0; turn < 40; turn += 1) {
    if (random(3) === 0) finishOne();
    else attempt(random(2) === 0 ? amountOf() : linesOf());
    const { refunds } = orderOf(history);
    const sum = refunds.reduce((all, { amount }) => all + amount.amount, 0);
    if (sum > total.amount) throw new Error(`${sum} of ${total.amount} after turn ${turn}`);
  }
  const taken = orderOf(history).refunds.reduce((all, { amount }) => all + amount.amount, 0);
  if (taken < total.amount) attempt(amountOf(total.amount - taken));
  attempt(amountOf(1)); // too much
  while (requested.length > 0) finishOne();
  return { history, order: orderOf(history), total, outcomes };
};

const orderOf = (history: readonly OrderEvent[]) => {
  const order = fold(orderDecider, history);
  if (order.status === 'none') throw new Error('the order was placed');
  return order;
};

/** The sum of decimal numbers with these digits, exactly. */
const addDecimals = (decimals: readonly string[], digits: number): string => {
  const sum = decimals.reduce((all, decimal) => all + BigInt(decimal.replace('.', '')), 0n);
  const text = String(sum).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
};

describe.each([
  ['JPY', 0],
  ['EUR', 2],
  ['KWD', 3],
])('refunds in %s', (currency, digits) => {
  const lives = Array.from({ length: 200 }, (_, seed) => refundAll(currency, seed + 1));

  test('add up to what was captured, to the last minor unit', () => {
    expect(currencyDigits(currency)).toBe(digits);
    for (const { order, total } of lives) {
      expect(refundedOf(order)).toEqual(total);
      const parts = order.refunds.map(({ amount }) => decimalAmount(amount));
      expect(addDecimals(parts, digits)).toBe(decimalAmount(total));
    }
  });

  test('each say how much was refunded so far', () => {
    for (const { history } of lives) {
      let sum = 0;
      for (const event of history) {
        if (event.type !== 'refunded') continue;
        sum += event.amount.amount;
        expect(event.refunded).toEqual({ amount: sum, currency });
      }
    }
  });

  test('never refund a piece twice', () => {
    for (const { order } of lives) {
      for (const { sku, quantity } of order.lines) {
        const pieces = order.refunds.flatMap(({ lines }) => lines).filter((line) => line.sku === sku);
        expect(pieces.reduce((sum, line) => sum + line.quantity, 0)).toBeLessThanOrEqual(quantity);
      }
    }
  });

  test('are varied enough', () => {
    const sum = (of: 'accepted' | 'refused') => lives.reduce((all, { outcomes }) => all + outcomes[of], 0);
    expect([sum('accepted'), sum('refused')].every((count) => count > 500)).toBe(true);
  });
});
