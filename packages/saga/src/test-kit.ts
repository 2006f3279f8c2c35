import { deepStrictEqual } from 'node:assert/strict';
import type { Effect } from '@emporium/bus';
import type { Contract, Input } from '@emporium/contracts';
import type { SagaDefinition } from './definition.ts';
import type { SagaFact, SagaInput, Transition } from './inputs.ts';
import type { SagaState } from './state.ts';
import { start, transition } from './transition.ts';

/** A reply with its data, and the id of the step that it answers. */
export const replied = <C extends Contract>(contract: C, data: Input<C>, stepId: string): SagaInput => ({
  kind: 'reply',
  contract,
  data,
  stepId,
});

/**
 * Reads given / when / then: `given(saga, id, subject, replied(stockReserved, …)).when(replied(…)).then(send(…))`. The clock
 * stands still, and jumps to the saga's deadline for a `{ kind: 'deadline' }`. Everything given must move the saga.
 */
export const given = <Subject>(
  saga: SagaDefinition<Subject>,
  id: string,
  subject: Subject,
  ...history: readonly SagaInput[]
) => {
  let now = new Date('2026-01-01T00:00:00.000Z');
  let state = start(saga, id, subject, now).state;
  const take = (input: SagaInput): Transition<Subject> => {
    if (input.kind === 'deadline' && state.deadline !== undefined) now = new Date(state.deadline);
    return transition(saga, state, input, now);
  };
  for (const input of history) {
    const result = take(input);
    if (result.kind === 'ignored') throw new Error(`given ${input.kind} is ignored: ${result.reason}`);
    state = result.state;
  }
  return {
    when: (input: SagaInput) => {
      const result = take(input);
      const movedTo = () => {
        if (result.kind === 'ignored') throw new Error(`ignored: ${result.reason}`);
        return result;
      };
      return {
        /** The effects, in their order; of commands without their expiry: `effects()` has it. */
        // biome-ignore lint/suspicious/noThenProperty: given, when, then is the reading; nothing here is awaited
        then: (...expected: readonly Effect[]): void =>
          deepStrictEqual(movedTo().effects.map(timeless), expected),
        facts: (...expected: readonly SagaFact[]): void => deepStrictEqual(movedTo().facts, expected),
        /** For just this reason: an input may be ignored for another one than the test means. */
        isIgnored: (reason: string): void => deepStrictEqual(result, { kind: 'ignored', reason }),
        state: (): SagaState<Subject> => movedTo().state,
        effects: (): readonly Effect[] => movedTo().effects,
      };
    },
  };
};

const timeless = (effect: Effect): Effect => {
  if (effect.effect !== 'send') return effect;
  const { options: { expiry: _, ...options } = {}, ...rest } = effect;
  return { ...rest, options };
};
