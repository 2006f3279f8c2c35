import type { SendEffect } from '@emporium/bus';
import { downcast } from '@emporium/contracts';
import type { SagaDefinition, Step } from './definition.ts';
import type { Changed } from './inputs.ts';
import { changed, deadlineAfter, type Outcome, park } from './outcome.ts';
import {
  conflictingStep,
  isAfterPivot,
  isNeeded,
  stepIdOf,
  stepOf,
  withoutDeadline,
  withStep,
} from './steps.ts';

/** Sends the command of the first idle step that the subject needs; without one, the saga is completed. */
export const sendNextCommand = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  now: Date,
): Changed<Subject> => {
  const { refusal: _, ...state } = { ...outcome.state, tries: 0 };
  const next = saga.steps.find((step) => stepOf(state, step).status === 'idle' && isNeeded(step, state));
  if (next !== undefined) {
    const asked = withStep(state, next, { status: 'asked' });
    return changed(sendCommand(saga, { ...outcome, state: asked }, next, now));
  }
  const completed = withoutDeadline<Subject>({ ...state, phase: 'completed' });
  return parkIfConflicting(saga, {
    ...outcome,
    state: completed,
    facts: [...outcome.facts, { fact: 'completed' }],
  });
};

/** Leaves a completed saga to a person where a reply contradicts what was done by hand. */
export const parkIfConflicting = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
): Changed<Subject> => {
  const step = conflictingStep(saga, outcome.state);
  if (step === undefined) return changed(outcome);
  const what = stepOf(outcome.state, step).isDoubled === true ? 'succeeded' : 'was cancelled';
  return park(outcome, step, `${step.name} ${what} although a person had done it by hand`);
};

/** Sends the command that withdraws the one of a step, which a person has done or abandons; nobody waits for a reply. */
export const sendWithdrawal = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Outcome<Subject>,
  step: Step<Subject>,
): Outcome<Subject> => {
  const { id, subject } = state;
  const command = commandOf(saga, step.withdraw?.(subject), `${id}/${step.name}/withdraw`);
  return { state, effects: [...effects, ...command], facts };
};

const sendCommand = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  step: Step<Subject>,
  now: Date,
): Outcome<Subject> => {
  const { state } = outcome;
  // A command after the pivot does not expire: it must be carried out, however late.
  const options = isAfterPivot(saga, step) ? {} : { expiry: new Date(now.getTime() + step.timeoutMs) };
  const command = commandOf(saga, step.command(state.subject), stepIdOf(state, step), options);
  return send(outcome, command, step, now);
};

/** Sends the command that cancels the pivot while it has not happened. */
export const sendCancel = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  step: Step<Subject>,
  now: Date,
): Outcome<Subject> => {
  const { id, subject } = outcome.state;
  return send(outcome, commandOf(saga, step.cancel?.(subject), `${id}/${step.name}/stop`), step, now);
};

export const sendCompensation = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  step: Step<Subject>,
  now: Date,
): Outcome<Subject> => {
  const { id, subject } = outcome.state;
  const command = commandOf(saga, step.compensate?.(subject), `${id}/${step.name}/undo`);
  const state = withStep(outcome.state, step, { status: 'undoing' });
  return send({ ...outcome, state }, command, step, now);
};

/** Sends the pending command again. */
export const resendCommand = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  step: Step<Subject>,
  now: Date,
): Outcome<Subject> => {
  if (stepOf(outcome.state, step).status === 'undoing') return sendCompensation(saga, outcome, step, now);
  if (outcome.state.phase === 'stopping') return sendCancel(saga, outcome, step, now);
  return sendCommand(saga, outcome, step, now);
};

const send = <Subject>(
  { state, effects, facts }: Outcome<Subject>,
  command: readonly SendEffect[],
  { timeoutMs }: Step<Subject>,
  now: Date,
): Outcome<Subject> => ({
  state: { ...state, deadline: deadlineAfter(now, timeoutMs) },
  effects: [...effects, ...command],
  facts,
});

/** Adds the step's id to the command, in the version that the saga sends; empty when the step has no such command. */
const commandOf = <Subject>(
  { sendsOlderVersion }: SagaDefinition<Subject>,
  command: SendEffect | undefined,
  stepId: string,
  options: NonNullable<SendEffect['options']> = {},
): SendEffect[] => {
  if (command === undefined) return [];
  const older = sendsOlderVersion ? downcast(command.contract, command.data, stepId) : undefined;
  if (older !== undefined) return [{ ...command, ...older, options: { ...command.options, ...options } }];
  return [{ ...command, options: { ...command.options, stepId, ...options } }];
};
