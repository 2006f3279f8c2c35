import { parkIfConflicting, sendCompensation, sendNextCommand } from './commands.ts';
import { compensate, compensateNext } from './compensation.ts';
import type { SagaDefinition, Step } from './definition.ts';
import type { SagaFact, SagaInput, Transition } from './inputs.ts';
import { changed, ignored, park, scheduleRetry } from './outcome.ts';
import type { SagaState } from './state.ts';
import {
  isAfterPivot,
  isLastTry,
  resumption,
  stepIdOf,
  stepOf,
  timedOut,
  unparked,
  withStep,
} from './steps.ts';

type Reply = Extract<SagaInput, { kind: 'reply' }>;

export const onReply = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  reply: Reply,
  now: Date,
): Transition<Subject> => {
  const { contract } = reply;
  for (const step of saga.steps) {
    if (contract === step.success) return onSuccess(saga, state, step, now);
    if (contract === step.failure) return onFailure(saga, state, step, reply, now);
    if (contract === step.compensated) return onCompensated(saga, state, step, now);
    if (contract === step.cancelled) return onCancelled(saga, state, step, now);
  }
  return ignored(`${contract.type} is not a reply to ${saga.name}`);
};

const onSuccess = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  const { status } = stepOf(state, step);
  if (state.phase === 'running' || state.phase === 'stopping') {
    if (stepOf(state, step).byHand === true && status === 'done') return onDoubled(saga, state, step);
    if (status !== 'asked') return ignored(`${step.name} is ${status}`);
    const done = withStep({ ...unparked(state), phase: 'running' }, step, { status: 'done' });
    const facts: SagaFact[] = [...resumption(state), { fact: 'step-done', step: step.name }];
    return sendNextCommand(saga, { state: done, effects: [], facts }, now);
  }
  if (step.compensate === undefined) {
    if (state.phase === 'completed' && stepOf(state, step).byHand === true)
      return onDoubled(saga, state, step);
    if (saga.pivotAt < 0 && state.phase === 'cancelled') return onSuccessOfAbandoned(saga, state, step, now);
    if (state.phase === 'completed' || status === 'done') return ignored(`${step.name} is ${status}`);
    // The pivot happened although it was cancelled. The other steps are compensated, and then the saga is parked for a person.
    const overtaken = withStep(state, step, { status: 'done', byHand: false });
    const facts: SagaFact[] = [{ fact: 'step-done', step: step.name }];
    return compensateNext(saga, { state: overtaken, effects: [], facts }, now);
  }
  if (status === 'undone' || status === 'refused') {
    // The success is late: the step was compensated, or refused. Compensate it (again). What the saga was parked for comes after that.
    const late = withStep({ ...unparked(state), tries: 0 }, step, { status: 'idle', byHand: false });
    return changed(sendCompensation(saga, { state: late, effects: [], facts: resumption(state) }, step, now));
  }
  return ignored(`${step.name} is ${status}`);
};

/** The step succeeded after a person had done it. The other steps go on; then the saga is parked for a person. */
const onDoubled = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
): Transition<Subject> => {
  const isDoubled = step.mayHappenTwice !== true;
  const known = withStep(state, step, { byHand: false, isDoubled });
  const facts: SagaFact[] = [{ fact: 'step-done', step: step.name }];
  return parkIfConflicting(saga, { state: known, effects: [], facts });
};

/** The command was carried out although the saga had been abandoned: it continues. */
const onSuccessOfAbandoned = <Subject>(
  saga: SagaDefinition<Subject>,
  { reason: _, ...state }: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  const { status } = stepOf(state, step);
  if (status !== 'asked') return ignored(`${step.name} is ${status}`);
  const done = withStep({ ...state, phase: 'running' }, step, { status: 'done' });
  const facts: SagaFact[] = [{ fact: 'resumed' }, { fact: 'step-done', step: step.name }];
  return sendNextCommand(saga, { state: done, effects: [], facts }, now);
};

const onFailure = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  { data, stepId }: Reply,
  now: Date,
): Transition<Subject> => {
  const known = stepOf(state, step);
  if (state.phase !== 'running' && state.phase !== 'stopping') return ignored(`the saga is ${state.phase}`);
  if (known.status !== 'asked') return ignored(`${step.name} is ${known.status}`);
  if (stepId !== stepIdOf(state, step)) return ignored(`an earlier attempt of ${step.name}`);
  const reason = step.reason?.(data) ?? { code: `${step.name}-refused`, text: `${step.name} was refused` };
  const facts: SagaFact[] = [{ fact: 'step-refused', step: step.name, reason: reason.text }];
  if (isAfterPivot(saga, step)) {
    const next = withStep({ ...state, refusal: reason.text }, step, { attempt: known.attempt + 1 });
    if (isLastTry(saga, next)) return park({ state: next, effects: [], facts }, step, reason.text);
    return changed({ state: scheduleRetry(saga, next, now), effects: [], facts });
  }
  const refused = withStep(unparked(state), step, { status: 'refused' });
  return compensate(
    saga,
    { state: refused, effects: [], facts: [...resumption(state), ...facts] },
    reason,
    now,
  );
};

const onCompensated = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  const { status } = stepOf(state, step);
  if (status !== 'undoing') return ignored(`${step.name} is ${status}`);
  const facts: SagaFact[] = [...resumption(state), { fact: 'step-undone', step: step.name }];
  const next = unparked(withStep({ ...state, tries: 0 }, step, { status: 'undone' }));
  return compensateNext(saga, { state: next, effects: [], facts }, now);
};

const onCancelled = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  if (isContradiction(state, step)) {
    // It did not happen, but the saga only goes forward after the pivot: the other steps go on; then it is parked for a person.
    const known = withStep(state, step, { isContradicted: true });
    const facts: SagaFact[] = [{ fact: 'step-undone', step: step.name }];
    return parkIfConflicting(saga, { state: known, effects: [], facts });
  }
  if (state.phase !== 'stopping') return ignored(`the saga is ${state.phase}`);
  const stopped = withStep(unparked(state), step, { status: 'undone' });
  const facts: SagaFact[] = [...resumption(state), { fact: 'step-undone', step: step.name }];
  return compensate(saga, { state: stopped, effects: [], facts }, timedOut(step), now);
};

/** Whether a cancellation of this step is news that contradicts what a person has done by hand. */
const isContradiction = <Subject>(state: SagaState<Subject>, step: Step<Subject>): boolean => {
  const { status, byHand, isContradicted } = stepOf(state, step);
  return status === 'done' && byHand === true && isContradicted === undefined;
};
