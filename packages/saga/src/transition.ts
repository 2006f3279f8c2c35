import { resendCommand, sendCancel, sendNextCommand } from './commands.ts';
import { compensate } from './compensation.ts';
import type { Reason, SagaDefinition } from './definition.ts';
import type { Changed, SagaFact, SagaInput, Transition } from './inputs.ts';
import { nextAtDeadline } from './next-at-deadline.ts';
import { changed, ignored, park } from './outcome.ts';
import { onRepair } from './repair.ts';
import { onReply } from './replies.ts';
import type { SagaState, StepState } from './state.ts';
import { stepOf, timedOut, unparked } from './steps.ts';

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
    case 'retry':
    case 'compensate':
    case 'resolve':
      return onRepair(saga, state, input, now);
  }
};

const onDeadline = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): Transition<Subject> => {
  if (state.deadline === undefined || new Date(state.deadline) > now)
    return ignored('no deadline has passed');
  const next = nextAtDeadline(saga, state);
  if (next === undefined) return ignored(`nothing is pending in a saga that is ${state.phase}`);
  const { step } = next;
  const timeout: SagaFact[] = [{ fact: 'step-timed-out', step: step.name }];
  switch (next.kind) {
    case 'park':
      return park({ state, effects: [], facts: [] }, step, next.reason);
    case 'resend': {
      const resent = { ...state, tries: state.tries + 1 };
      return changed(resendCommand(saga, { state: resent, effects: [], facts: [] }, step, now));
    }
    case 'cancel': {
      const stopping: SagaState<Subject> = { ...state, phase: 'stopping', tries: 0 };
      return changed(sendCancel(saga, { state: stopping, effects: [], facts: timeout }, step, now));
    }
    case 'compensate':
      return compensate(saga, { state, effects: [], facts: timeout }, timedOut(step), now);
  }
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
