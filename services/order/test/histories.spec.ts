import { createMessage, newContext } from '@emporium/bus';
import { capturePayment, voidPayment } from '@emporium/contracts';
import { fold, isRefused } from '@emporium/event-store';
import {
  explain,
  isFinal,
  type SagaFact,
  type SagaInput,
  type SagaState,
  start,
  transition,
} from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import {
  type Order,
  type OrderEvent,
  type OrderRefusal,
  orderDecider,
  settledByHandOf,
} from '../src/domain/order.ts';
import { commandOf } from '../src/follow.ts';
import { createFulfilment, type Fulfilment } from '../src/fulfilment.ts';
import { createParticipants, type Request } from './support/participants.ts';

const order: Fulfilment = {
  orderId: '019b0000-0000-7000-8000-000000000001',
  customerId: '019b0000-0000-7000-8000-000000000002',
  lines: [{ sku: 'MUG-1', quantity: 2 }],
  total: { amount: 2_500, currency: 'EUR' },
  paymentToken: 'tok_ok',
};
const fulfilment = createFulfilment({ stepMs: 30_000, dispatchMs: 60_000, attempts: 3, retryDelayMs: 1_000 });
const placed: OrderEvent = {
  type: 'placed',
  customerId: order.customerId,
  lines: [{ sku: 'MUG-1', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } }],
  total: order.total,
};

/** Mulberry32: the same numbers for the same seed, so that a failure can be reproduced. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** The history of one order: messages in any order, repeated or late; deadlines, a cancellation, a resumption. */
const live = (seed: number, byHand: boolean) => {
  const random = randomOf(seed);
  const chance = (of: number): boolean => random() < of;
  const takeOne = <Item>(pool: Item[]): Item | undefined => pool.splice(random() * pool.length, 1)[0];

  let now = new Date('2026-01-01T00:00:00.000Z');
  const requests: Request[] = [];
  const replies: SagaInput[] = [];
  const facts: SagaFact[] = [];
  const history: OrderEvent[] = [placed];
  const told: string[] = [];
  let isStormy = true;
  const participants = createParticipants(order, (step) =>
    step === 'capture' ? isStormy && chance(0.5) : chance(0.1),
  );

  const follow = (happened: readonly SagaFact[]): void => {
    for (const fact of happened) {
      const decision = orderDecider.decide(commandOf(fact), fold(orderDecider, history));
      if (isRefused<OrderEvent, OrderRefusal>(decision))
        throw new Error(`the order refused ${fact.fact}: ${decision.refused}`);
      history.push(...decision);
    }
    facts.push(...happened);
  };
  const ask = (effects: ReturnType<typeof start>['effects']): void => {
    for (const effect of effects) {
      if (effect.effect !== 'send') throw new Error(`a saga sends, and does not ${effect.effect}`);
      createMessage('order', effect.contract, effect.data, newContext(), effect.options); // throws when the data does not match the contract
      requests.push(effect);
    }
  };

  const begun = start(fulfilment, order.orderId, order, now);
  let state: SagaState<Fulfilment> = begun.state;
  ask(begun.effects);

  const take = (input: SagaInput): void => {
    const result = transition(fulfilment, state, input, now);
    if (input.kind !== 'reply') told.push(`${input.kind} ${result.kind}`);
    if (result.kind === 'ignored') return;
    state = JSON.parse(JSON.stringify(result.state)); // as it is stored in the database
    follow(result.facts);
    ask(result.effects);
    expect(fold(orderDecider, history).status).toBe(statusOf(state));
  };
  const carryOut = (): void => {
    const request = takeOne(requests);
    if (request === undefined) return;
    if (
      request.contract === capturePayment &&
      isStormy &&
      chance(0.1) &&
      participants.captureWithoutAnswer()
    ) {
      told.push('captured without an answer');
      requests.push(request); // delivered again
      return;
    }
    told.push(request.contract.type);
    // It was captured after all: the payment service dead-letters the command that releases the hold.
    const isTooLate = request.contract === voidPayment && participants.state().payment === 'captured';
    if (isTooLate && request.options?.stepId?.endsWith('/withdraw')) return;
    const reply = participants.answer(request, now);
    replies.push(reply, ...(chance(0.2) ? [reply] : []));
  };
  const hear = (): void => {
    const reply = takeOne(replies);
    if (reply?.kind === 'reply') told.push(reply.contract.type);
    if (reply !== undefined) take(reply);
  };
  /** A person does something that is possible, with a participant that may have done it, too. */
  const repair = (): void => {
    const { actions } = explain(fulfilment, state, now);
    const possible = actions.filter(({ isPossible }) => isPossible);
    const chosen = possible[Math.floor(random() * possible.length)];
    if (chosen === undefined) return take({ kind: 'retry' });
    take(
      chosen.action === 'resolve'
        ? { kind: 'resolve', outcome: chosen.outcome ?? 'done' }
        : { kind: chosen.action },
    );
  };
  const letTimePass = (): void => {
    now = new Date(now.getTime() + random() * 40_000);
  };

  // In some histories the services become slow at some point; in some the customer cancels.
  const slow = random() * 0.9;
  const [slowness, slowFrom, hurry] = [byHand ? 0.6 + slow / 2.5 : slow, random() * 20, random() ** 4 * 0.2];
  for (let step = 0; step < 80; step += 1) {
    if (chance(hurry))
      take({ kind: 'cancel', reason: { code: 'customer-request', text: 'changed my mind' } });
    else if (step < slowFrom || !chance(slowness)) chance(0.5) ? carryOut() : hear();
    else if (chance(0.5)) letTimePass();
    else if (chance(0.9)) take({ kind: 'deadline' });
    else if (byHand) repair();
    else take({ kind: 'retry' });
  }
  isStormy = false;
  for (let step = 0; step < 500; step += 1) {
    if (requests.length > 0 && chance(0.5)) carryOut();
    else if (replies.length > 0) hear();
    else if (requests.length > 0) carryOut();
    else if (state.parked !== undefined) byHand ? repair() : take({ kind: 'retry' });
    else if (state.deadline !== undefined) {
      now = new Date(state.deadline);
      take({ kind: 'deadline' });
    } else break;
  }
  return { state, facts, told, participantState: participants.state(), order: fold(orderDecider, history) };
};

const statusOf = ({ phase, parked, steps }: SagaState): Order['status'] => {
  if (parked !== undefined) return 'needs-attention';
  if (phase === 'completed' || phase === 'cancelled') return phase;
  if (phase === 'compensating') return 'cancelling';
  return steps['authorise']?.status === 'done' ? 'confirmed' : 'placed';
};

const isAbout = (one: SagaFact, name: string, step: string): boolean =>
  one.fact === name && 'step' in one && one.step === step;

const liveAll = (count: number, byHand: boolean) =>
  Array.from({ length: count }, (_, seed) => {
    try {
      return live(seed, byHand);
    } catch (cause) {
      throw new Error(`history ${seed}: ${String(cause)}`, { cause });
    }
  });

describe('an order that a person repairs by hand, whatever happens in whatever order', () => {
  const lives = liveAll(3_000, true);
  type Life = (typeof lives)[number];
  const each = (check: (life: Life) => void): void =>
    lives.forEach((life, seed) => {
      try {
        check(life);
      } catch (cause) {
        throw new Error(`history ${seed}: ${life.told.join(', ')}: ${String(cause)}`, { cause });
      }
    });
  /** What a person did last, unless the participant did it later. */
  const isByHand = ({ facts }: Life, step: string, fact: 'done' | 'undone'): boolean => {
    return (
      facts.findLastIndex((one) => isAbout(one, `step-${fact}-by-hand`, step)) >
      facts.findLastIndex((one) => isAbout(one, `step-${fact}`, step))
    );
  };

  test('it is final in the end, either completed or cancelled', () =>
    each(({ state, facts }) => {
      expect(isFinal(state)).toBe(true);
      expect(facts.filter(({ fact }) => fact === 'completed' || fact === 'cancelled')).toHaveLength(1);
    }));

  test('a completed order is paid once: captured, or settled by hand', () =>
    each(({ order, participantState }) => {
      if (order.status !== 'completed') return;
      const captured = participantState.captures * order.total.amount;
      expect(captured + settledByHandOf(order).paid.amount).toBe(order.total.amount);
    }));

  test('nothing stays on hold for a final order, unless a person has voided it', () =>
    each((life) => {
      const { order, participantState } = life;
      if (order.status === 'cancelled' && isByHand(life, 'authorise', 'undone')) return;
      expect(participantState.payment).not.toBe('authorised');
    }));

  const isContradicted = (one: SagaFact): boolean =>
    one.fact === 'parked' && /was cancelled although a person had done it/.test(one.reason);

  test('a shipment that a person saw, and that was cancelled, is shown to a person', () =>
    each(({ order, participantState, facts }) => {
      const wasHeard = facts.findLastIndex((one) => isAbout(one, 'step-undone', 'dispatch'));
      if (order.status !== 'completed' || wasHeard < 0) return;
      expect(participantState.shipment).toBe('cancelled');
      expect(facts.findLastIndex(isContradicted)).toBeGreaterThan(wasHeard);
    }));

  test('stock is sold for a completed order and released for a cancelled one, unless a person has done it', () =>
    each((life) => {
      const { order, participantState } = life;
      if (order.status === 'completed' && !isByHand(life, 'commit', 'done'))
        expect(participantState.stock).toBe('committed');
      if (order.status === 'cancelled' && !isByHand(life, 'reserve', 'undone'))
        expect(['none', 'rejected', 'released']).toContain(participantState.stock);
    }));

  test('the histories are varied enough', () => {
    const share = (is: (life: Life) => boolean) => lives.filter(is).length / lives.length;
    const byHand = (step: string, fact: 'done' | 'undone') =>
      share(({ facts }) => facts.some((one) => isAbout(one, `step-${fact}-by-hand`, step)));
    for (const step of ['commit', 'capture', 'dispatch'])
      expect(byHand(step, 'done'), `${step} is done by hand`).toBeGreaterThan(0.001);
    for (const step of ['reserve', 'authorise', 'dispatch'])
      expect(byHand(step, 'undone'), `${step} is undone by hand`).toBeGreaterThan(0.001);
    const capturedTwice = share(({ facts }) =>
      facts.some(
        (one) => one.fact === 'parked' && /succeeded although a person had done it/.test(one.reason),
      ),
    );
    expect(capturedTwice).toBeGreaterThan(0.0003);
    expect(share(({ facts }) => facts.some(isContradicted))).toBeGreaterThan(0.0003);
    expect(share(({ told }) => told.includes('captured without an answer'))).toBeGreaterThan(0.01);
  });
});

describe('an order, whatever happens in whatever order', () => {
  const lives = liveAll(3_000, false);
  const each = (check: (life: ReturnType<typeof live>) => void): void =>
    lives.forEach((life, seed) => {
      try {
        check(life);
      } catch (cause) {
        throw new Error(`history ${seed}: ${life.told.join(', ')}: ${String(cause)}`, { cause });
      }
    });

  test('it is final in the end', () => each(({ state }) => expect(isFinal(state)).toBe(true)));

  test('it is either completed or cancelled, exactly once', () =>
    each(({ facts }) => {
      const ends = facts.filter(({ fact }) => fact === 'completed' || fact === 'cancelled');
      expect(ends).toHaveLength(1);
    }));

  test('a completed order is sold, shipped and paid exactly once', () =>
    each(({ order: { status }, participantState }) => {
      if (status !== 'completed') return;
      expect(participantState).toEqual({
        stock: 'committed',
        payment: 'captured',
        shipment: 'dispatched',
        captures: 1,
      });
    }));

  test('a cancelled order has no reservation, payment or shipment', () =>
    each(({ order: { status }, participantState }) => {
      if (status !== 'cancelled') return;
      expect(['none', 'rejected', 'released']).toContain(participantState.stock);
      expect(['none', 'declined', 'voided']).toContain(participantState.payment);
      expect(['none', 'failed', 'cancelled']).toContain(participantState.shipment);
    }));

  test('after the pivot nothing is compensated', () =>
    each(({ facts }) => {
      const dispatched = facts.findIndex((fact) => fact.fact === 'step-done' && fact.step === 'dispatch');
      const compensating = facts.findIndex(({ fact }) => fact === 'compensating');
      expect(dispatched >= 0 && compensating >= 0).toBe(false);
    }));

  test('the histories are varied enough', () => {
    const share = (is: (life: ReturnType<typeof live>) => boolean) => lives.filter(is).length / lives.length;
    const told = (what: string) => share((life) => life.told.includes(what));
    const times = (life: ReturnType<typeof live>, fact: SagaFact['fact'], step: string) =>
      life.facts.filter((each) => each.fact === fact && 'step' in each && each.step === step).length;
    const shares = {
      ...Object.fromEntries(
        ['reserve', 'authorise', 'dispatch', 'capture'].flatMap((step) => [
          [`${step} is refused`, share((life) => times(life, 'step-refused', step) > 0)],
          [`${step} is parked`, share((life) => times(life, 'parked', step) > 0)],
        ]),
      ),
      completed: share(({ order: { status } }) => status === 'completed'),
      cancelled: share(({ order: { status } }) => status === 'cancelled'),
      'cancelled by the customer': told('cancel changed'),
      'too late to cancel': told('cancel ignored'),
      'a person resumes': told('retry changed'),
      'a dispatch is late': told('shipping.cancel-shipment.v2'),
      'a late success is compensated': share((life) => times(life, 'step-undone', 'reserve') > 1),
    };
    for (const [what, found] of Object.entries(shares)) expect(found, what).toBeGreaterThan(0.005);
  });
});
