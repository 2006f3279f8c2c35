import type { Effect, SendEffect } from '@emporium/bus';
import { downcast } from '@emporium/contracts';
import type { Reason, SagaDefinition, Step } from './definition.ts';
import type { SagaFact, Transition } from './inputs.ts';
import type { SagaState } from './state.ts';
import { isAfterPivot, overtakingStep, stepIdOf, stepOf, withoutDeadline, withStep } from './steps.ts';

/** A transition in the making. */
export interface Move<Subject> {
  readonly state: SagaState<Subject>;
  readonly effects: readonly Effect[];
  readonly facts: readonly SagaFact[];
}

export type Moved<Subject> = Extract<Transition<Subject>, { kind: 'moved' }>;

export const ignored = (reason: string) => ({ kind: 'ignored', reason }) as const;

export const moved = <Subject>({ state, effects, facts }: Move<Subject>): Moved<Subject> => ({
  kind: 'moved',
  state,
  effects,
  facts,
});

/** Asks the first step that is idle, or completes. */
export const askNext = <Subject>(
  saga: SagaDefinition<Subject>,
  move: Move<Subject>,
  now: Date,
): Moved<Subject> => {
  const { refusal: _, ...state } = { ...move.state, tries: 0 };
  const next = saga.steps.find((step) => stepOf(state, step).status === 'idle');
  if (next !== undefined)
    return moved(ask(saga, { ...move, state: withStep(state, next, { status: 'asked' }) }, next, now));
  return moved({
    ...move,
    state: withoutDeadline({ ...state, phase: 'completed' }),
    facts: [...move.facts, { fact: 'completed' }],
  });
};

const ask = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  const deadline = new Date(now.getTime() + step.timeoutMs);
  const stepId = stepIdOf(state, step);
  // After the pivot there is no way back: what is late is still wanted.
  const command = commandOf(
    saga,
    step.command(state.subject),
    stepId,
    isAfterPivot(saga, step) ? {} : { expiry: deadline },
  );
  return { state: { ...state, deadline: deadline.toISOString() }, effects: [...effects, ...command], facts };
};

/** The command with the id of its step, in the version that the saga sends; none where the step has none. */
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

export const askStop = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  const command = commandOf(saga, step.cancel?.(state.subject), `${state.id}/${step.name}/stop`);
  const deadline = new Date(now.getTime() + step.timeoutMs).toISOString();
  return {
    state: { ...state, deadline },
    effects: [...effects, ...command],
    facts,
  };
};

export const askUndo = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  const command = commandOf(saga, step.compensate?.(state.subject), `${state.id}/${step.name}/undo`);
  const deadline = new Date(now.getTime() + step.timeoutMs).toISOString();
  return {
    state: withStep({ ...state, deadline }, step, { status: 'undoing' }),
    effects: [...effects, ...command],
    facts,
  };
};

/** The request that is pending, once more. */
export const askAgain = <Subject>(
  saga: SagaDefinition<Subject>,
  move: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  if (stepOf(move.state, step).status === 'undoing') return askUndo(saga, move, step, now);
  if (move.state.phase === 'stopping') return askStop(saga, move, step, now);
  return ask(saga, move, step, now);
};

/** Takes back what was asked or done, the latest first, one after the other; then it is cancelled. */
export const compensate = <Subject>(
  saga: SagaDefinition<Subject>,
  move: Move<Subject>,
  reason: Reason,
  now: Date,
): Moved<Subject> =>
  undoNext(
    saga,
    {
      ...move,
      state: { ...move.state, phase: 'compensating', reason, tries: 0 },
      facts: [...move.facts, { fact: 'compensating', reason }],
    },
    now,
  );

export const undoNext = <Subject>(
  saga: SagaDefinition<Subject>,
  move: Move<Subject>,
  now: Date,
): Moved<Subject> => {
  const { state } = move;
  if (saga.steps.some((step) => stepOf(state, step).status === 'undoing')) return moved(move);
  const next = saga.steps
    .slice(0, saga.pivotAt)
    .findLast((step) => ['asked', 'done'].includes(stepOf(state, step).status));
  if (next !== undefined) return moved(askUndo(saga, move, next, now));
  const settled: Move<Subject> = { ...move, state: withoutDeadline({ ...state, phase: 'cancelled' }) };
  const reason = state.reason ?? { code: 'cancelled', text: 'cancelled' };
  const cancelled: Move<Subject> =
    state.phase === 'cancelled'
      ? settled
      : { ...settled, facts: [...move.facts, { fact: 'cancelled', reason }] };
  const overtaking = overtakingStep(saga, state);
  return overtaking === undefined
    ? moved(cancelled)
    : park(cancelled, overtaking, `${overtaking.name} succeeded after it was taken back`);
};

export const park = <Subject>(move: Move<Subject>, step: Step<Subject>, reason: string): Moved<Subject> =>
  moved({
    ...move,
    state: { ...withoutDeadline(move.state), parked: { step: step.name, reason } },
    facts: [...move.facts, { fact: 'parked', step: step.name, reason }],
  });

/** The longest wait between two attempts, in milliseconds. */
const maxRetryDelayMs = 5 * 60_000;

/** Until the next attempt of a request that was refused: exponential, without jitter, so that it stays a pure function. */
export const wait = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): SagaState<Subject> => ({
  ...state,
  deadline: new Date(
    now.getTime() + Math.min(saga.retryDelayMs * 2 ** state.tries, maxRetryDelayMs),
  ).toISOString(),
});
