import { deepStrictEqual } from 'node:assert/strict';
import type { Effect } from '@emporium/bus';
import type { Contract, Input } from '@emporium/contracts';
import type { SagaDefinition } from './definition.ts';
import type { SagaFact, SagaInput, Transition } from './inputs.ts';
import type { SagaState } from './state.ts';
import { start, transition } from './transition.ts';

/** A reply with its data and the step id of the command. */
export const replied = <C extends Contract>(contract: C, data: Input<C>, stepId: string): SagaInput => ({
  kind: 'reply',
  contract,
  data,
  stepId,
});

/**
 * Tests a saga as given / when / then: `given(saga, id, subject, replied(stockReserved, …)).when(replied(…)).then(send(…))`. The
 * clock is fixed; a `{ kind: 'deadline' }` sets it to the saga's deadline. Throws when the saga ignores one of the given inputs.
 */
export const given = <Subject>(
  saga: SagaDefinition<Subject>,
  id: string,
  subject: Subject,
  ...history: readonly SagaInput[]
) => {
  let now = new Date('2026-01-01T00:00:00.000Z');
  let state = start(saga, id, subject, now).state;
  const apply = (input: SagaInput): Transition<Subject> => {
    if (input.kind === 'deadline' && state.deadline !== undefined) now = new Date(state.deadline);
    return transition(saga, state, input, now);
  };
  for (const input of history) {
    const result = apply(input);
    if (result.kind === 'ignored') throw new Error(`the given ${input.kind} is ignored: ${result.reason}`);
    state = result.state;
  }
  return {
    when: (input: SagaInput) => {
      const result = apply(input);
      const expectChange = () => {
        if (result.kind === 'ignored') throw new Error(`ignored: ${result.reason}`);
        return result;
      };
      return {
        /** Expects these effects in this order, disregarding the expiry of commands, which `effects()` returns. */
        // biome-ignore lint/suspicious/noThenProperty: given, when, then is the reading; nothing here is awaited
        then: (...expected: readonly Effect[]): void =>
          deepStrictEqual(expectChange().effects.map(withoutExpiry), expected),
        facts: (...expected: readonly SagaFact[]): void => deepStrictEqual(expectChange().facts, expected),
        /** Expects that the input is ignored for exactly this reason. */
        isIgnored: (reason: string): void => deepStrictEqual(result, { kind: 'ignored', reason }),
        state: (): SagaState<Subject> => expectChange().state,
        effects: (): readonly Effect[] => expectChange().effects,
      };
    },
  };
};

const withoutExpiry = (effect: Effect): Effect => {
  if (effect.effect !== 'send') return effect;
  const { options: { expiry: _, ...options } = {}, ...rest } = effect;
  return { ...rest, options };
};
