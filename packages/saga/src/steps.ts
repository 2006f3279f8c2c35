import type { Reason, SagaDefinition, Step } from './definition.ts';
import type { SagaFact } from './inputs.ts';
import type { SagaState, StepState } from './state.ts';

export const stepOf = <Subject>({ steps }: SagaState<Subject>, { name }: Step<Subject>): StepState =>
  steps[name] ?? { status: 'idle', attempt: 1 };

/** Names the request of its current attempt; the reply carries it back. */
export const stepIdOf = <Subject>(state: SagaState<Subject>, step: Step<Subject>): string =>
  `${state.id}/${step.name}/${stepOf(state, step).attempt}`;

export const withStep = <Subject>(
  state: SagaState<Subject>,
  step: Step<Subject>,
  change: Partial<StepState>,
): SagaState<Subject> => ({
  ...state,
  steps: { ...state.steps, [step.name]: { ...stepOf(state, step), ...change } },
});

/** The step whose answer is awaited. */
export const pendingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): Step<Subject> | undefined =>
  saga.steps.find((step) => stepOf(state, step).status === 'undoing') ??
  (state.phase === 'running' || state.phase === 'stopping'
    ? saga.steps.find((step) => stepOf(state, step).status === 'asked')
    : undefined);

/** What cannot be undone, and succeeded in a saga that is taken back. */
export const overtakingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  { phase, steps }: SagaState<Subject>,
): Step<Subject> | undefined =>
  phase === 'compensating' || phase === 'cancelled'
    ? saga.steps.find(({ name, compensate }) => compensate === undefined && steps[name]?.status === 'done')
    : undefined;

export const isAfterPivot = <Subject>(saga: SagaDefinition<Subject>, step: Step<Subject>): boolean =>
  saga.steps.indexOf(step) > saga.pivotAt;

/** This was its last request: after it a person is asked. */
export const isLastTry = <Subject>(saga: SagaDefinition<Subject>, { tries }: SagaState<Subject>): boolean =>
  tries + 1 >= saga.attempts;

/** A late answer takes up what was parked. */
export const resumption = <Subject>({ parked }: SagaState<Subject>): SagaFact[] =>
  parked === undefined ? [] : [{ fact: 'resumed' }];

export const unparked = <Subject>({ parked: _, ...state }: SagaState<Subject>): SagaState<Subject> => state;

export const withoutDeadline = <Subject>({ deadline: _, ...state }: SagaState<Subject>): SagaState<Subject> =>
  state;

export const timedOut = <Subject>({ name }: Step<Subject>): Reason => ({
  code: 'timed-out',
  text: `${name} took too long`,
});
