import { createMessage, newContext } from '@emporium/bus';
import { fold, isRefused } from '@emporium/event-store';
import { isFinal, type SagaFact, type SagaInput, type SagaState, start, transition } from '@emporium/saga';
import { describe, expect, test } from 'vitest';
import { type Order, type OrderEvent, type OrderRefusal, orderDecider } from '../src/domain/order.ts';
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
const live = (seed: number) => {
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
    told.push(request.contract.type);
    const reply = participants.answer(request, now);
    replies.push(reply, ...(chance(0.2) ? [reply] : []));
  };
  const hear = (): void => {
    const reply = takeOne(replies);
    if (reply?.kind === 'reply') told.push(reply.contract.type);
    if (reply !== undefined) take(reply);
  };
  const letTimePass = (): void => {
    now = new Date(now.getTime() + random() * 40_000);
  };

  // In some histories the services become slow at some point; in some the customer cancels.
  const [slowness, slowFrom, hurry] = [random() * 0.9, random() * 20, random() ** 4 * 0.2];
  for (let step = 0; step < 80; step += 1) {
    if (chance(hurry))
      take({ kind: 'cancel', reason: { code: 'customer-request', text: 'changed my mind' } });
    else if (step < slowFrom || !chance(slowness)) chance(0.5) ? carryOut() : hear();
    else if (chance(0.5)) letTimePass();
    else take({ kind: chance(0.9) ? 'deadline' : 'retry' });
  }
  isStormy = false;
  for (let step = 0; step < 500; step += 1) {
    if (requests.length > 0 && chance(0.5)) carryOut();
    else if (replies.length > 0) hear();
    else if (requests.length > 0) carryOut();
    else if (state.parked !== undefined) take({ kind: 'retry' });
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

describe('an order, whatever happens in whatever order', () => {
  const seeds = Array.from({ length: 3_000 }, (_, seed) => seed);
  const lives = seeds.map((seed) => {
    try {
      return live(seed);
    } catch (cause) {
      throw new Error(`history ${seed}: ${String(cause)}`, { cause });
    }
  });
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
