import { parkIfConflicting, resendCommand, sendNextCommand, sendWithdrawal } from './commands.ts';
import { compensate, compensateNext } from './compensation.ts';
import type { SagaDefinition, Step } from './definition.ts';
import type { Changed, RepairInput, SagaFact, Transition } from './inputs.ts';
import { changed, ignored, type Outcome } from './outcome.ts';
import { refusalOf } from './repair-refusal.ts';
import type { SagaState, StepState } from './state.ts';
import {
  conflictingStep,
  overtakingStep,
  pendingStep,
  stepOf,
  timedOut,
  unparked,
  withStep,
} from './steps.ts';

/** Carries out what a person does about a parked saga, or says why it makes no sense. */
export const onRepair = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  input: RepairInput,
  now: Date,
): Transition<Subject> => {
  const refused = refusalOf(saga, state, input);
  if (refused !== undefined) return ignored(refused);
  const { refusal: _, ...resumed } = unparked({ ...state, tries: 0 });
  const outcome: Outcome<Subject> = { state: resumed, effects: [], facts: [{ fact: 'resumed' }] };
  const pending = pendingStep(saga, state);
  if (pending === undefined) return resolveLeftOver(saga, outcome);
  switch (input.kind) {
    case 'retry':
      return changed(resendCommand(saga, outcome, pending, now));
    case 'compensate':
      return compensate(saga, undoneByHand(outcome, pending), timedOut(pending), now);
    case 'resolve':
      if (input.outcome === 'abandoned') return abandon(saga, outcome, pending);
      return stepOf(state, pending).status === 'undoing'
        ? compensateNext(saga, undoneByHand(outcome, pending), now)
        : continueAfter(saga, outcome, pending, now);
  }
};

/** The pending step was done by hand: the next one follows. */
const continueAfter = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  step: Step<Subject>,
  now: Date,
): Changed<Subject> => {
  const fact: SagaFact = { fact: 'step-done-by-hand', step: step.name };
  const { state, ...rest } = withFact(outcome, step, { status: 'done', byHand: true }, fact);
  const running: Outcome<Subject> = { ...rest, state: { ...state, phase: 'running' } };
  return sendNextCommand(saga, sendWithdrawal(saga, running, step), now);
};

const undoneByHand = <Subject>(outcome: Outcome<Subject>, step: Step<Subject>): Outcome<Subject> =>
  withFact(
    outcome,
    step,
    { status: 'undone', byHand: true },
    { fact: 'step-undone-by-hand', step: step.name },
  );

/** A late success continues it. */
const abandon = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Outcome<Subject>,
  step: Step<Subject>,
): Changed<Subject> => {
  const reason = { code: 'abandoned', text: 'abandoned by an administrator' };
  const abandoned: Outcome<Subject> = {
    state: { ...state, phase: 'cancelled', reason },
    effects,
    facts: [...facts, { fact: 'abandoned', step: step.name }],
  };
  return changed(sendWithdrawal(saga, abandoned, step));
};

/** A person has dealt with what succeeded although it was cancelled, or with a reply that contradicts what was done by hand. */
const resolveLeftOver = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
): Transition<Subject> => {
  const overtaking = overtakingStep(saga, outcome.state);
  if (overtaking !== undefined) return changed(undoneByHand(outcome, overtaking));
  const conflicting = conflictingStep(saga, outcome.state);
  if (conflicting === undefined)
    return ignored(`nothing is pending in a saga that is ${outcome.state.phase}`);
  const state = withStep(outcome.state, conflicting, { isDoubled: false, isContradicted: false });
  return parkIfConflicting(saga, { ...outcome, state });
};

const withFact = <Subject>(
  { state, effects, facts }: Outcome<Subject>,
  step: Step<Subject>,
  change: Partial<StepState>,
  fact: SagaFact,
): Outcome<Subject> => ({ state: withStep(state, step, change), effects, facts: [...facts, fact] });
