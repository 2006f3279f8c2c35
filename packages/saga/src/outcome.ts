import type { Effect } from '@emporium/bus';
import type { SagaDefinition, Step } from './definition.ts';
import type { Changed, Ignored, SagaFact } from './inputs.ts';
import type { SagaState } from './state.ts';
import { withoutDeadline } from './steps.ts';

/** What a transition comes to, while it is being decided. */
export interface Outcome<Subject> {
  readonly state: SagaState<Subject>;
  readonly effects: readonly Effect[];
  readonly facts: readonly SagaFact[];
}

export const changed = <Subject>({ state, effects, facts }: Outcome<Subject>): Changed<Subject> => ({
  kind: 'changed',
  state,
  effects,
  facts,
});

export const ignored = (reason: string): Ignored => ({ kind: 'ignored', reason });

/** Leaves the saga to a person; the phase stays, and says where it continues. */
export const park = <Subject>(
  { state, effects, facts }: Outcome<Subject>,
  step: Step<Subject>,
  reason: string,
): Changed<Subject> =>
  changed({
    state: { ...withoutDeadline(state), parked: { step: step.name, reason } },
    effects,
    facts: [...facts, { fact: 'parked', step: step.name, reason }],
  });

/** The longest delay between two attempts, in milliseconds. */
const maxRetryDelayMs = 5 * 60_000;

/** Sets the deadline after which a refused command is sent again. Exponential without jitter, so that it is a pure function. */
export const scheduleRetry = <Subject>(
  { retryDelayMs }: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): SagaState<Subject> => ({
  ...state,
  deadline: deadlineAfter(now, Math.min(retryDelayMs * 2 ** state.tries, maxRetryDelayMs)),
});

export const deadlineAfter = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();
