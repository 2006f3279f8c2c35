import { deepStrictEqual } from 'node:assert/strict';
import { type Decider, fold, isRefused } from './decider.ts';

/**
 * Reads given / when / then: `given(order, placed).when(cancel).then(cancelled)`, or `.refuses('too-late')`. A failed
 * expectation throws an AssertionError with the difference.
 */
export const given = <State, Command, Event, Refusal>(
  decider: Decider<State, Command, Event, Refusal>,
  ...history: readonly Event[]
) => ({
  when: (command: Command) => {
    const decision = decider.decide(command, fold(decider, history));
    return {
      // biome-ignore lint/suspicious/noThenProperty: given, when, then is the reading; nothing here is awaited
      then: (...expected: readonly Event[]): void => deepStrictEqual(decision, expected),
      refuses: (expected: Refusal): void => deepStrictEqual(decision, { refused: expected }),
      state: (): State => {
        if (isRefused(decision)) throw new Error(`refused: ${JSON.stringify(decision.refused)}`);
        return fold(decider, [...history, ...decision]);
      },
    };
  },
});
