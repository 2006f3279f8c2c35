import { describe, expect, test } from 'vitest';
import { forwardOnly, id, withPivot } from '../test/sample.ts';
import type { SagaDefinition } from './definition.ts';
import { explain } from './explanation.ts';
import type { SagaInput } from './inputs.ts';
import { isFinal, type SagaState, statusOf } from './state.ts';
import { start, transition } from './transition.ts';

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

const repairs: readonly SagaInput[] = [
  { kind: 'retry' },
  { kind: 'compensate' },
  { kind: 'resolve', outcome: 'done' },
  { kind: 'resolve', outcome: 'abandoned' },
];

/** A state on a random walk, and the input that led to it. */
interface Visit {
  readonly state: SagaState<null>;
  readonly now: Date;
  readonly input?: SagaInput;
}

/** Any input at any time: replies to any step and attempt, passed deadlines, cancellations, and whatever a person tries. */
const walk = (definition: SagaDefinition<null>, seed: number): readonly Visit[] => {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  let now = new Date('2026-01-01T00:00:00.000Z');
  let { state }: { state: SagaState<null> } = start(definition, id, null, now);
  const visits: Visit[] = [{ state, now }];
  const [likesReplies, friendliness] = [random(), random()];

  const choose = (): SagaInput => {
    const kind = random();
    if (kind < 0.03) return { kind: 'cancel', reason: { code: 'customer-request', text: 'no' } };
    if (kind < 0.25) return pick(repairs) ?? { kind: 'retry' };
    if (random() > likesReplies) return { kind: 'deadline' };
    // Mostly about a step that is pending, at its current attempt.
    const pending = definition.steps.filter(({ name }) =>
      /asked|undoing/.test(state.steps[name]?.status ?? ''),
    );
    const one = pick(random() < 0.7 && pending.length > 0 ? pending : definition.steps);
    const { success, failure, compensated, cancelled, name = '' } = one ?? {};
    const contracts = [success, failure, compensated, cancelled].filter((each) => each !== undefined);
    const contract = random() < friendliness ? success : pick(contracts);
    const attempt = random() < 0.9 ? (state.steps[name]?.attempt ?? 1) : 1;
    if (contract === undefined) return { kind: 'deadline' };
    return { kind: 'reply', contract, data: {}, stepId: `${id}/${name}/${attempt}` };
  };

  for (let n = 0; n < 60; n += 1) {
    const input = choose();
    if (input.kind === 'deadline' && state.deadline !== undefined) now = new Date(state.deadline);
    const result = transition(definition, state, input, now);
    if (result.kind === 'ignored') continue;
    state = JSON.parse(JSON.stringify(result.state)); // as it is stored in the database
    visits.push({ state, now, input });
  }
  return visits;
};

describe.each([
  ['a saga with a pivot', withPivot],
  ['a saga that only goes forward', forwardOnly],
])('%s, in whatever order things happen', (_, definition) => {
  const walks = Array.from({ length: 2_000 }, (_, seed) => walk(definition, seed));
  const each = (check: (visit: Visit) => void): void =>
    walks.forEach((visits, seed) => {
      visits.forEach((visit, n) => {
        try {
          check(visit);
        } catch (cause) {
          throw new Error(`walk ${seed}, visit ${n}: ${JSON.stringify(visit)}: ${String(cause)}`, { cause });
        }
      });
    });

  test('it always has a deadline, waits for a person, or is final', () =>
    each(({ state }) =>
      expect(state.deadline !== undefined || state.parked !== undefined || isFinal(state)).toBe(true),
    ));

  test('a parked saga has no deadline, and is parked at the step that an action is about', () =>
    each(({ state, now }) => {
      const { parked, deadline, pending } = explain(definition, state, now);
      if (parked === undefined) return;
      expect(deadline ?? state.deadline).toBeUndefined();
      if (pending !== undefined) expect(parked.step).toBe(pending.step);
    }));

  test('an action is possible exactly where the transition carries it out, for the same reason', () =>
    each(({ state, now }) => {
      const { actions } = explain(definition, state, now);
      const explained = actions.map((action) => (action.isPossible ? 'possible' : action.reason));
      const carriedOut = repairs.map((input) => {
        const result = transition(definition, state, input, now);
        return result.kind === 'changed' ? 'possible' : result.reason;
      });
      expect(explained).toEqual(carriedOut);
    }));

  test('a parked saga can be resolved, and only a parked one can be acted on', () =>
    each(({ state, now }) => {
      const { status, actions } = explain(definition, state, now);
      const possible = actions.filter(({ isPossible }) => isPossible).map(({ action }) => action);
      expect(possible.includes('resolve')).toBe(status === 'parked');
      expect(possible.length > 0).toBe(status === 'parked');
    }));

  test('what is said to happen at the deadline happens', () =>
    each(({ state, now }) => {
      const { deadline, pending } = explain(definition, state, now);
      if (state.deadline === undefined) return expect(deadline).toBeUndefined();
      const result = transition(definition, state, { kind: 'deadline' }, new Date(state.deadline));
      if (result.kind === 'ignored') throw new Error(result.reason);
      const then = {
        park: () => expect(statusOf(result.state)).toBe('parked'),
        resend: () => expect(result.state.tries).toBe(state.tries + 1),
        cancel: () => expect(statusOf(result.state)).toBe('cancelling'),
        compensate: () => expect(result.state.phase).toBe('compensating'),
      };
      if (deadline === undefined) throw new Error('the deadline is not explained');
      then[deadline.next]();
      expect(pending).toBeDefined();
    }));

  test('what is said to be compensated is compensated in that order', () =>
    each(({ state, now }) => {
      const { compensationOrder, status } = explain(definition, state, now);
      if (status !== 'compensating') return;
      const compensated: string[] = [];
      let current = state;
      for (let n = 0; n < 10; n += 1) {
        const pending = explain(definition, current, now).pending?.step;
        const one = definition.steps.find(({ name }) => name === pending);
        if (one?.compensated === undefined) break;
        compensated.push(one.name);
        const reply: SagaInput = { kind: 'reply', contract: one.compensated, data: {} };
        const result = transition(definition, current, reply, now);
        if (result.kind === 'ignored') throw new Error(result.reason);
        current = result.state;
      }
      expect(compensated.slice(compensated.length - compensationOrder.length)).toEqual(compensationOrder);
    }));

  test('the walks are varied enough', () => {
    const visits = walks.flat();
    const share = (is: (visit: Visit) => boolean) => visits.filter(is).length / visits.length;
    const kinds = ['running', 'parked', 'completed', 'cancelled'] as const;
    for (const kind of kinds)
      expect(
        share(({ state }) => statusOf(state) === kind),
        kind,
      ).toBeGreaterThan(0.005);
    for (const kind of ['retry', 'resolve'])
      expect(
        share(({ input }) => input?.kind === kind),
        kind,
      ).toBeGreaterThan(0.005);
    const isDoubled = ({ state }: Visit) => Object.values(state.steps).some((each) => each.isDoubled);
    expect(walks.filter((each) => each.some(isDoubled)).length, 'a step happened twice').toBeGreaterThan(5);
  });
});
