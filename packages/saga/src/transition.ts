import { resendCommand, sendCancel, sendNextCommand } from './commands.ts';
import { compensate } from './compensation.ts';
import type { Reason, SagaDefinition } from './definition.ts';
import type { Changed, SagaFact, SagaInput, Transition } from './inputs.ts';
import { changed, ignored, park } from './outcome.ts';
import { onReply } from './replies.ts';
import type { SagaState, StepState } from './state.ts';
import {
  isAfterPivot,
  isLastTry,
  overtakingStep,
  pendingStep,
  stepOf,
  timedOut,
  unparked,
  withStep,
} from './steps.ts';

/** The first transition, which sends the command of the first step. Pure: `now` is a parameter. */
export const start = <Subject>(
  saga: SagaDefinition<Subject>,
  id: string,
  subject: Subject,
  now: Date,
): Changed<Subject> => {
  const steps = Object.fromEntries(
    saga.steps.map(({ name }): [string, StepState] => [name, { status: 'idle', attempt: 1 }]),
  );
  return sendNextCommand(
    saga,
    { state: { id, subject, phase: 'running', steps, tries: 0 }, effects: [], facts: [] },
    now,
  );
};

/** Decides what an input leads to. Pure: `now` is a parameter. */
export const transition = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  input: SagaInput,
  now: Date,
): Transition<Subject> => {
  switch (input.kind) {
    case 'reply':
      return onReply(saga, state, input, now);
    case 'deadline':
      return onDeadline(saga, state, now);
    case 'cancel':
      return onCancel(saga, state, input.reason, now);
    case 'resume':
      return onResume(saga, state, now);
  }
};

const onDeadline = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): Transition<Subject> => {
  if (state.deadline === undefined || new Date(state.deadline) > now)
    return ignored('no deadline has passed');
  const step = pendingStep(saga, state);
  if (step === undefined) return ignored(`nothing is pending in a saga that is ${state.phase}`);
  const mustSucceed = state.phase !== 'running' || isAfterPivot(saga, step);
  if (mustSucceed) {
    if (isLastTry(saga, state)) {
      const why = state.refusal ?? `no reply to ${saga.attempts} commands`;
      return park({ state, effects: [], facts: [] }, step, why);
    }
    const next = { ...state, tries: state.tries + 1 };
    return changed(resendCommand(saga, { state: next, effects: [], facts: [] }, step, now));
  }
  const facts: SagaFact[] = [{ fact: 'step-timed-out', step: step.name }];
  if (step.cancel !== undefined) {
    return changed(
      sendCancel(saga, { state: { ...state, phase: 'stopping', tries: 0 }, effects: [], facts }, step, now),
    );
  }
  return compensate(saga, { state, effects: [], facts }, timedOut(step), now);
};

const onCancel = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  reason: Reason,
  now: Date,
): Transition<Subject> => {
  if (state.phase !== 'running') return ignored(`the saga is ${state.phase}`);
  const pivotStep = saga.steps[saga.pivotAt];
  if (pivotStep === undefined) return ignored('the saga only goes forward');
  if (stepOf(state, pivotStep).status !== 'idle') return ignored('the command of the pivot was sent');
  return compensate(saga, { state: unparked(state), effects: [], facts: [] }, reason, now);
};

const onResume = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): Transition<Subject> => {
  if (state.parked === undefined) return ignored('the saga is not parked');
  const facts: SagaFact[] = [{ fact: 'resumed' }];
  const { refusal: _, ...resumed } = unparked({ ...state, tries: 0 });
  const step = pendingStep(saga, resumed);
  if (step !== undefined)
    return changed(resendCommand(saga, { state: resumed, effects: [], facts }, step, now));
  const overtaking = overtakingStep(saga, resumed);
  if (overtaking === undefined) return ignored(`nothing is pending in a saga that is ${state.phase}`);
  // A person has dealt with the step that cannot be compensated.
  return changed({ state: withStep(resumed, overtaking, { status: 'undone' }), effects: [], facts });
};
