import { createMessage, newContext } from '@emporium/bus';
import {
  cancelRefund,
  paymentRefundDeclined,
  paymentRefunded,
  refundPayment,
  returnStock,
  stockReturned,
} from '@emporium/contracts';
import { fold, isRefused } from '@emporium/event-store';
import { explain, isFinal, replied, type SagaInput, type SagaState, start, transition } from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import { type OrderCommand, type OrderEvent, type OrderRefusal, orderDecider } from '../src/domain/order.ts';
import { type RequestedRefund, refundedByHandOf, refundedOf } from '../src/domain/refunds.ts';
import { refundCommandOf } from '../src/follow-refund.ts';
import { createRefundSaga, type RefundSubject } from '../src/refund-saga.ts';
import type { Request } from './support/participants.ts';

const orderId = '019b0000-0000-7000-8000-000000000001';
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const lines = [{ sku: 'MUG-1', quantity: 5, unitPrice: eur(1_001) }];
const total = eur(5_005);
const refundSaga = createRefundSaga({ stepMs: 30_000, attempts: 3, retryDelayMs: 1_000 });

/** Mulberry32: the same numbers for the same seed. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/**
 * Payment and inventory as specified: idempotent by the refund's id, never more than was captured or sold. The provider may pay a refund
 * without an answer; payment learns that when the command is delivered again.
 */
const createParticipants = (refuses: () => boolean, losesAnswer: () => boolean) => {
  const paid = new Map<string, number>();
  const returned = new Map<string, number>();
  const cancelled = new Set<string>();
  const unclear = new Set<string>();
  const sum = (of: ReadonlyMap<string, number>) => [...of.values()].reduce((all, each) => all + each, 0);
  return {
    paid: () => sum(paid),
    returned: () => sum(returned),
    /** Undefined when there is no reply: a refund was cancelled, or the command is dead-lettered. */
    answer: ({ contract, data, options }: Request): SagaInput | 'lost' | undefined => {
      const { refundId } = data as { refundId: string }; // both commands have it
      const stepId = options?.stepId ?? '';
      if (contract === returnStock) {
        const pieces = returnStock.schema.parse(data).lines.reduce((all, line) => all + line.quantity, 0);
        if (!returned.has(refundId) && sum(returned) + pieces > 5) return undefined; // more than were sold
        if (!returned.has(refundId)) returned.set(refundId, pieces);
        return replied(stockReturned, { orderId, refundId }, stepId);
      }
      if (contract === cancelRefund) {
        if (unclear.has(refundId)) return undefined;
        const amount = paid.get(refundId);
        if (amount === undefined) cancelled.add(refundId);
        return amount === undefined
          ? undefined
          : replied(paymentRefunded, { orderId, refundId, amount: eur(amount) }, stepId);
      }
      const { amount } = refundPayment.schema.parse(data);
      if (cancelled.has(refundId))
        return replied(paymentRefundDeclined, { orderId, refundId, reason: 'cancelled' }, stepId);
      const isTooMuch = sum(paid) + amount.amount > total.amount;
      if (!paid.has(refundId) && (isTooMuch || refuses()))
        return replied(paymentRefundDeclined, { orderId, refundId, reason: 'refund_refused' }, stepId);
      const isNew = !paid.has(refundId);
      paid.set(refundId, amount.amount);
      if (sum(paid) > total.amount) throw new Error('more refunded than was captured');
      if (isNew && losesAnswer()) {
        unclear.add(refundId);
        return 'lost';
      }
      unclear.delete(refundId);
      return replied(paymentRefunded, { orderId, refundId, amount }, stepId);
    },
  };
};

/** Refunds of one order: requested at any time, with messages in any order, repeated, late or lost for a while. */
const live = (seed: number, byHand: number) => {
  const random = randomOf(seed);
  const chance = (of: number): boolean => random() < of;
  const takeOne = <Item>(pool: Item[]): Item | undefined => pool.splice(random() * pool.length, 1)[0];
  let now = new Date('2026-01-01T00:00:00.000Z');
  let isStormy = true;
  const told: string[] = [];
  const history: OrderEvent[] = [
    { type: 'placed', customerId: 'c', lines, total },
    { type: 'confirmed' },
    { type: 'completed' },
  ];
  const sagas = new Map<string, SagaState<RefundSubject>>();
  const requests: Request[] = [];
  const replies: { readonly id: string; readonly reply: SagaInput }[] = [];
  const participants = createParticipants(
    () => isStormy && chance(0.5),
    () => isStormy && chance(0.2),
  );

  const order = () => {
    const state = fold(orderDecider, history);
    if (state.status === 'none') throw new Error('the order was placed');
    return state;
  };
  const decide = (command: OrderCommand): boolean => {
    const decision = orderDecider.decide(command, order());
    if (isRefused<OrderEvent, OrderRefusal>(decision)) return false;
    history.push(...decision);
    return true;
  };
  const ask = (effects: ReturnType<typeof start>['effects']): void => {
    for (const effect of effects) {
      if (effect.effect !== 'send') throw new Error(`a saga sends, and does not ${effect.effect}`);
      createMessage('order', effect.contract, effect.data, newContext(), effect.options); // throws when it is invalid
      requests.push(effect);
    }
  };
  const idOf = (n: number) => `019b0000-0000-7000-8000-0000000001${String(n).padStart(2, '0')}`;

  const requestOne = (): void => {
    const refundId = idOf(told.length % 100);
    if (sagas.has(refundId)) return;
    const refund: RequestedRefund['refund'] = chance(0.5)
      ? { kind: 'amount', amount: eur(1 + Math.floor(random() * 2_500)) }
      : {
          kind: 'lines',
          lines: [{ sku: 'MUG-1', quantity: 1 + Math.floor(random() * 3) }],
          restock: chance(0.7),
        };
    const isAccepted = decide({ type: 'request-refund', refundId, refund, reason: 'r' });
    told.push(isAccepted ? 'requested' : 'refused');
    const event = history.at(-1);
    if (!isAccepted || event?.type !== 'refund-requested') return;
    const subject = { orderId, refundId, amount: event.amount, lines: event.lines, restock: event.restock };
    const begun = start(refundSaga, refundId, subject, now);
    sagas.set(refundId, begun.state);
    ask(begun.effects);
  };
  const take = (id: string, input: SagaInput): void => {
    const state = sagas.get(id);
    if (state === undefined) throw new Error(`there is no refund ${id}`);
    const result = transition(refundSaga, state, input, now);
    told.push(`${input.kind} ${result.kind}`);
    if (result.kind === 'ignored') return;
    if (state.phase === 'cancelled') told.push('paid although abandoned');
    sagas.set(id, JSON.parse(JSON.stringify(result.state))); // as it is stored in the database
    for (const fact of result.facts) {
      told.push(fact.fact);
      if (!decide(refundCommandOf(id, fact))) throw new Error(`the order refused ${fact.fact}`);
    }
    ask(result.effects);
  };
  /** A person does something that is possible; payment and inventory may have done it, too. */
  const repair = (state: SagaState<RefundSubject>): void => {
    const possible = explain(refundSaga, state, now).actions.filter(({ isPossible }) => isPossible);
    const chosen = possible[Math.floor(random() * possible.length)];
    if (chosen?.action === 'resolve') take(state.id, { kind: 'resolve', outcome: chosen.outcome ?? 'done' });
    else take(state.id, { kind: 'retry' });
  };
  const carryOut = (): void => {
    const request = takeOne(requests);
    if (request === undefined) return;
    const id = (request.data as { refundId: string }).refundId; // both commands have it
    const answer = participants.answer(request);
    if (answer === 'lost') {
      told.push('paid without an answer');
      requests.push(request); // delivered again
      return;
    }
    const isDeadLettered = answer === undefined && request.contract === returnStock;
    told.push(isDeadLettered ? 'dead-lettered' : 'answered');
    if (answer === undefined) return;
    const reply = { id, reply: answer };
    replies.push(reply, ...(chance(0.2) ? [reply] : []));
    if (chance(0.1)) requests.push(request); // delivered twice
  };
  const hear = (): void => {
    const heard = takeOne(replies);
    if (heard !== undefined) take(heard.id, heard.reply);
  };
  const open = () => [...sagas.values()].filter((state) => !isFinal(state));
  const anyOpen = () => open()[Math.floor(random() * open().length)];

  for (let step = 0; step < 120; step += 1) {
    if (chance(0.1)) requestOne();
    else if (chance(0.5)) chance(0.5) ? carryOut() : hear();
    else if (chance(0.3)) now = new Date(now.getTime() + random() * 40_000);
    else {
      const state = anyOpen();
      if (state !== undefined) take(state.id, { kind: chance(0.9) ? 'deadline' : 'retry' });
      if (state?.parked !== undefined && chance(byHand)) repair(state);
    }
  }
  isStormy = false;
  for (let step = 0; step < 2_000; step += 1) {
    const state = anyOpen();
    if (requests.length > 0 && chance(0.5)) carryOut();
    else if (replies.length > 0) hear();
    else if (requests.length > 0) carryOut();
    else if (state === undefined) break;
    else if (state.parked !== undefined) chance(byHand) ? repair(state) : take(state.id, { kind: 'retry' });
    else if (state.deadline !== undefined) {
      now = new Date(Math.max(Date.parse(state.deadline), now.getTime()));
      take(state.id, { kind: 'deadline' });
    }
  }
  return {
    order: order(),
    sagas: [...sagas.values()],
    told,
    paid: participants.paid(),
    returned: participants.returned(),
  };
};

const liveAll = (byHand: number) =>
  Array.from({ length: 1_500 }, (_, seed) => {
    try {
      return live(seed, byHand);
    } catch (cause) {
      throw new Error(`history ${seed}: ${String(cause)}`, { cause });
    }
  });

describe('refunds that a person repairs by hand, whatever happens in whatever order', () => {
  const lives = liveAll(0.5);

  test('are refunded or abandoned in the end, and the order stays completed', () => {
    for (const { sagas, order } of lives) {
      expect(sagas.every(isFinal)).toBe(true);
      expect(order.status).toBe('completed');
      for (const { status } of order.refunds) expect(['refunded', 'abandoned']).toContain(status);
    }
  });

  test('pay back what the order says, less what was paid by hand, and never more than was captured', () => {
    for (const { order, paid, told } of lives) {
      expect(paid).toBe(refundedOf(order).amount - refundedByHandOf(order).amount);
      expect(paid).toBeLessThanOrEqual(total.amount);
      // Together with what was paid by hand it can be more, when a refund is paid although it was abandoned.
      if (!told.includes('paid although abandoned'))
        expect(refundedOf(order).amount).toBeLessThanOrEqual(total.amount);
    }
  });

  test('return the pieces that the order says, less what was returned by hand', () => {
    for (const { order, returned } of lives) {
      const pieces = order.refunds
        .filter(
          ({ restock, status, byHand }) => restock && status === 'refunded' && !byHand.includes('return'),
        )
        .flatMap((refund) => refund.lines);
      expect(returned).toBe(pieces.reduce((sum, { quantity }) => sum + quantity, 0));
    }
  });

  test('are varied enough', () => {
    const share = (what: string) => lives.filter(({ told }) => told.includes(what)).length / lives.length;
    for (const what of [
      'abandoned',
      'step-done-by-hand',
      'paid although abandoned',
      'paid without an answer',
    ])
      expect(share(what), what).toBeGreaterThan(0.01);
    const statuses = lives.flatMap(({ order }) => order.refunds.map(({ status }) => status));
    expect(statuses.filter((status) => status === 'abandoned').length).toBeGreaterThan(20);
  });
});

describe('the refunds of an order, whatever happens in whatever order', () => {
  const lives = liveAll(0);

  test('are all finished in the end, and the order stays completed', () => {
    for (const { sagas, order } of lives) {
      expect(sagas.every(isFinal)).toBe(true);
      expect(order.status).toBe('completed');
      expect(order.refunds.every(({ status }) => status === 'refunded')).toBe(true);
      expect(order.refunds).toHaveLength(sagas.length);
    }
  });

  test('pay back what the order says, and never more than was captured', () => {
    for (const { order, paid } of lives) {
      expect(paid).toBe(refundedOf(order).amount);
      expect(paid).toBeLessThanOrEqual(total.amount);
    }
  });

  test('return the pieces that the order says, once', () => {
    for (const { order, returned } of lives) {
      const pieces = order.refunds.filter(({ restock }) => restock).flatMap((refund) => refund.lines);
      expect(returned).toBe(pieces.reduce((sum, { quantity }) => sum + quantity, 0));
    }
  });

  test('are never dead-lettered', () => {
    for (const { told } of lives) expect(told).not.toContain('dead-lettered');
  });

  test('are varied enough', () => {
    const share = (what: string) => lives.filter(({ told }) => told.includes(what)).length / lives.length;
    for (const what of [
      'requested',
      'refused',
      'parked',
      'resumed',
      'step-refused',
      'reply ignored',
      'retry changed',
    ])
      expect(share(what), what).toBeGreaterThan(0.02);
    expect(lives.filter(({ sagas }) => sagas.length > 2).length).toBeGreaterThan(500);
  });
});
