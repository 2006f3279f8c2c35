import type { Reason, SagaDefinition, Step } from './definition.ts';
import type { SagaFact } from './inputs.ts';
import type { SagaState, StepState } from './state.ts';

export const stepOf = <Subject>({ steps }: SagaState<Subject>, { name }: Step<Subject>): StepState =>
  steps[name] ?? { status: 'idle', attempt: 1 };

/** The id of the current attempt of a step; the reply repeats it. */
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

/** The step that waits for a reply. */
export const pendingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): Step<Subject> | undefined =>
  saga.steps.find((step) => stepOf(state, step).status === 'undoing') ??
  (state.phase === 'running' || state.phase === 'stopping'
    ? saga.steps.find((step) => stepOf(state, step).status === 'asked')
    : undefined);

/** The step without a compensation that succeeded although the saga compensates. */
export const overtakingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  { phase, steps }: SagaState<Subject>,
): Step<Subject> | undefined =>
  phase === 'compensating' || phase === 'cancelled'
    ? saga.steps.find(({ name, compensate }) => compensate === undefined && steps[name]?.status === 'done')
    : undefined;

/** The step whose reply contradicts what a person had done by hand. */
export const conflictingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  { phase, steps }: SagaState<Subject>,
): Step<Subject> | undefined =>
  phase === 'completed'
    ? saga.steps.find(({ name }) => steps[name]?.isDoubled === true || steps[name]?.isContradicted === true)
    : undefined;

/** Whether the subject needs the step. */
export const isNeeded = <Subject>({ when }: Step<Subject>, { subject }: SagaState<Subject>): boolean =>
  when?.(subject) ?? true;

/** The steps that a compensation takes back, in its order: the latest first. */
export const stepsToCompensate = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): readonly Step<Subject>[] =>
  saga.steps
    .slice(0, Math.max(saga.pivotAt, 0))
    .filter((step) => ['asked', 'done'].includes(stepOf(state, step).status))
    .toReversed();

export const isAfterPivot = <Subject>(saga: SagaDefinition<Subject>, step: Step<Subject>): boolean =>
  saga.steps.indexOf(step) > saga.pivotAt;

/** Whether the command was sent as often as allowed: the saga is parked after it. */
export const isLastTry = <Subject>(saga: SagaDefinition<Subject>, { tries }: SagaState<Subject>): boolean =>
  tries + 1 >= saga.attempts;

/** The fact that a late reply resumes a parked saga. */
export const resumption = <Subject>({ parked }: SagaState<Subject>): SagaFact[] =>
  parked === undefined ? [] : [{ fact: 'resumed' }];

export const unparked = <Subject>({ parked: _, ...state }: SagaState<Subject>): SagaState<Subject> => state;

export const withoutDeadline = <Subject>({ deadline: _, ...state }: SagaState<Subject>): SagaState<Subject> =>
  state;

export const timedOut = <Subject>({ name }: Step<Subject>): Reason => ({
  code: 'timed-out',
  text: `${name} took too long`,
});
