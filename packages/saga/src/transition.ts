import type { Effect } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { Reason, SagaDefinition, Step } from './definition.ts';
import type { SagaState, StepState } from './state.ts';

/** What can happen to a saga. */
export type SagaInput =
  | { readonly kind: 'reply'; readonly contract: Contract; readonly data: Readonly<Record<string, unknown>> }
  /** Its deadline has passed. */
  | { readonly kind: 'deadline' }
  /** Somebody wants it undone. */
  | { readonly kind: 'cancel'; readonly reason: Reason }
  /** A person wants it to go on after it was parked. */
  | { readonly kind: 'resume' };

/** What happened, for the owner of the saga: its aggregate, its timeline, its log. */
export type SagaFact =
  | { readonly fact: 'step-done'; readonly step: string }
  | { readonly fact: 'step-refused'; readonly step: string; readonly reason: string }
  | { readonly fact: 'step-timed-out'; readonly step: string }
  | { readonly fact: 'step-undone'; readonly step: string }
  | { readonly fact: 'compensating'; readonly reason: Reason }
  | { readonly fact: 'completed' }
  | { readonly fact: 'cancelled'; readonly reason: Reason }
  | { readonly fact: 'parked'; readonly step: string; readonly reason: string }
  | { readonly fact: 'resumed' };

/** What follows from an input, as data. */
export type Transition<Subject> =
  | {
      readonly kind: 'moved';
      readonly state: SagaState<Subject>;
      readonly effects: readonly Effect[];
      readonly facts: readonly SagaFact[];
    }
  /** The state does not wait for this; the reason is for the log. */
  | { readonly kind: 'ignored'; readonly reason: string };

/** The first transition: asks the first step. `now` is passed in; nothing here reads a clock. */
export const start = <Subject>(
  saga: SagaDefinition<Subject>,
  id: string,
  subject: Subject,
  now: Date,
): Extract<Transition<Subject>, { kind: 'moved' }> => {
  const steps = Object.fromEntries(
    saga.steps.map(({ name }): [string, StepState] => [name, { status: 'idle', attempt: 1 }]),
  );
  return askNext(
    saga,
    { state: { id, subject, phase: 'running', steps, tries: 0 }, effects: [], facts: [] },
    now,
  );
};

/** (state, input) to (state, effects): pure. */
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

interface Move<Subject> {
  readonly state: SagaState<Subject>;
  readonly effects: readonly Effect[];
  readonly facts: readonly SagaFact[];
}

type Moved<Subject> = Extract<Transition<Subject>, { kind: 'moved' }>;

const ignored = (reason: string) => ({ kind: 'ignored', reason }) as const;

// Replies

const onReply = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  { contract, data }: Extract<SagaInput, { kind: 'reply' }>,
  now: Date,
): Transition<Subject> => {
  for (const step of saga.steps) {
    if (contract === step.yes) return onYes(saga, state, step, now);
    if (contract === step.no) return onNo(saga, state, step, data, now);
    if (contract === step.undone) return onUndone(saga, state, step, now);
    if (contract === step.stop?.stopped) return onStopped(saga, state, step, now);
  }
  return ignored(`${contract.type} answers no step of ${saga.name}`);
};

const onYes = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  const { status } = stepOf(state, step);
  if (state.phase === 'running' || state.phase === 'stopping') {
    if (status !== 'asked') return ignored(`${step.name} is ${status}`);
    const done = withStep({ ...unparked(state), phase: 'running' }, step, { status: 'done' });
    const facts: SagaFact[] = [...resumption(state), { fact: 'step-done', step: step.name }];
    return askNext(saga, { state: done, effects: [], facts }, now);
  }
  if (step.undo === undefined) {
    if (state.phase === 'completed' || status === 'done') return ignored(`${step.name} is ${status}`);
    // It went over the pivot although we had taken it back. No rule can mend that: what can be undone is, then a person looks.
    const overtaken = withStep(state, step, { status: 'done' });
    const facts: SagaFact[] = [{ fact: 'step-done', step: step.name }];
    return undoNext(saga, { state: overtaken, effects: [], facts }, now);
  }
  if (status === 'undone' || status === 'refused') {
    // A late success after its compensation is compensated again; so is one that was refused before.
    return moved(
      askUndo({ state: withStep(state, step, { status: 'idle' }), effects: [], facts: [] }, step, now),
    );
  }
  return ignored(`${step.name} is ${status}`);
};

const onNo = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  data: Readonly<Record<string, unknown>>,
  now: Date,
): Transition<Subject> => {
  const known = stepOf(state, step);
  if (state.phase !== 'running' && state.phase !== 'stopping') return ignored(`the saga is ${state.phase}`);
  if (known.status !== 'asked') return ignored(`${step.name} is ${known.status}`);
  if (data['stepId'] !== stepIdOf(state, step)) return ignored(`an earlier attempt of ${step.name}`);
  const reason = step.because?.(data) ?? { code: `${step.name}-refused`, text: `${step.name} was refused` };
  const facts: SagaFact[] = [{ fact: 'step-refused', step: step.name, reason: reason.text }];
  if (isAfterPivot(saga, step)) {
    const next = withStep({ ...state, refusal: reason.text }, step, { attempt: known.attempt + 1 });
    if (isLastTry(saga, next)) return park({ state: next, effects: [], facts }, step, reason.text);
    return moved({ state: wait(saga, next, now), effects: [], facts });
  }
  const refused = withStep(unparked(state), step, { status: 'refused' });
  return compensate(
    saga,
    { state: refused, effects: [], facts: [...resumption(state), ...facts] },
    reason,
    now,
  );
};

const onUndone = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  const { status } = stepOf(state, step);
  if (status !== 'undoing') return ignored(`${step.name} is ${status}`);
  const facts: SagaFact[] = [...resumption(state), { fact: 'step-undone', step: step.name }];
  const next = unparked(withStep({ ...state, tries: 0 }, step, { status: 'undone' }));
  return undoNext(saga, { state: next, effects: [], facts }, now);
};

const onStopped = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  step: Step<Subject>,
  now: Date,
): Transition<Subject> => {
  if (state.phase !== 'stopping') return ignored(`the saga is ${state.phase}`);
  const stopped = withStep(unparked(state), step, { status: 'undone' });
  const facts: SagaFact[] = [...resumption(state), { fact: 'step-undone', step: step.name }];
  return compensate(saga, { state: stopped, effects: [], facts }, timedOut(step), now);
};

// Deadlines, cancellation, people

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
      const why = state.refusal ?? `no answer to ${saga.attempts} requests`;
      return park({ state, effects: [], facts: [] }, step, why);
    }
    const next = { ...state, tries: state.tries + 1 };
    return moved(askAgain(saga, { state: next, effects: [], facts: [] }, step, now));
  }
  const facts: SagaFact[] = [{ fact: 'step-timed-out', step: step.name }];
  if (step.stop !== undefined) {
    return moved(
      askStop({ state: { ...state, phase: 'stopping', tries: 0 }, effects: [], facts }, step, now),
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
  if (pivotStep !== undefined && stepOf(state, pivotStep).status !== 'idle')
    return ignored('the pivot was asked for');
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
  if (step !== undefined) return moved(askAgain(saga, { state: resumed, effects: [], facts }, step, now));
  const overtaking = overtakingStep(saga, resumed);
  if (overtaking === undefined) return ignored(`nothing is pending in a saga that is ${state.phase}`);
  // The person has dealt with it, outside of the shop.
  return moved({ state: withStep(resumed, overtaking, { status: 'undone' }), effects: [], facts });
};

// Moves

const moved = <Subject>({ state, effects, facts }: Move<Subject>): Moved<Subject> => ({
  kind: 'moved',
  state,
  effects,
  facts,
});

/** Asks the first step that is idle, or completes. */
const askNext = <Subject>(saga: SagaDefinition<Subject>, move: Move<Subject>, now: Date): Moved<Subject> => {
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
  const deadline = new Date(now.getTime() + step.within);
  const stepId = stepIdOf(state, step);
  // After the pivot there is no way back: what is late is still wanted.
  const effect = step.ask(
    state.subject,
    isAfterPivot(saga, step) ? { stepId } : { stepId, expiry: deadline },
  );
  return { state: { ...state, deadline: deadline.toISOString() }, effects: [...effects, effect], facts };
};

const askStop = <Subject>(
  { state, effects, facts }: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  const effect = step.stop?.ask(state.subject, { stepId: `${state.id}/${step.name}/stop` });
  const deadline = new Date(now.getTime() + step.within).toISOString();
  return {
    state: { ...state, deadline },
    effects: effect === undefined ? effects : [...effects, effect],
    facts,
  };
};

const askUndo = <Subject>(
  { state, effects, facts }: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  const effect = step.undo?.(state.subject, { stepId: `${state.id}/${step.name}/undo` });
  const deadline = new Date(now.getTime() + step.within).toISOString();
  return {
    state: withStep({ ...state, deadline }, step, { status: 'undoing' }),
    effects: effect === undefined ? effects : [...effects, effect],
    facts,
  };
};

/** The request that is pending, once more. */
const askAgain = <Subject>(
  saga: SagaDefinition<Subject>,
  move: Move<Subject>,
  step: Step<Subject>,
  now: Date,
): Move<Subject> => {
  if (stepOf(move.state, step).status === 'undoing') return askUndo(move, step, now);
  if (move.state.phase === 'stopping') return askStop(move, step, now);
  return ask(saga, move, step, now);
};

/** Takes back what was asked or done, the latest first, one after the other; then it is cancelled. */
const compensate = <Subject>(
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

const undoNext = <Subject>(saga: SagaDefinition<Subject>, move: Move<Subject>, now: Date): Moved<Subject> => {
  const { state } = move;
  if (saga.steps.some((step) => stepOf(state, step).status === 'undoing')) return moved(move);
  const next = saga.steps
    .slice(0, saga.pivotAt)
    .findLast((step) => ['asked', 'done'].includes(stepOf(state, step).status));
  if (next !== undefined) return moved(askUndo(move, next, now));
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

const park = <Subject>(move: Move<Subject>, step: Step<Subject>, reason: string): Moved<Subject> =>
  moved({
    ...move,
    state: { ...withoutDeadline(move.state), parked: { step: step.name, reason } },
    facts: [...move.facts, { fact: 'parked', step: step.name, reason }],
  });

/** The longest wait between two attempts, in milliseconds. */
const maxRetryDelayMs = 5 * 60_000;

/** Until the next attempt of a request that was refused: exponential, without jitter, so that it stays a pure function. */
const wait = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): SagaState<Subject> => ({
  ...state,
  deadline: new Date(
    now.getTime() + Math.min(saga.retryDelayMs * 2 ** state.tries, maxRetryDelayMs),
  ).toISOString(),
});

// Reading and writing the state

const stepOf = <Subject>({ steps }: SagaState<Subject>, { name }: Step<Subject>): StepState =>
  steps[name] ?? { status: 'idle', attempt: 1 };

const stepIdOf = <Subject>(state: SagaState<Subject>, step: Step<Subject>): string =>
  `${state.id}/${step.name}/${stepOf(state, step).attempt}`;

const withStep = <Subject>(
  state: SagaState<Subject>,
  step: Step<Subject>,
  change: Partial<StepState>,
): SagaState<Subject> => ({
  ...state,
  steps: { ...state.steps, [step.name]: { ...stepOf(state, step), ...change } },
});

/** The step whose answer is awaited. */
const pendingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): Step<Subject> | undefined =>
  saga.steps.find((step) => stepOf(state, step).status === 'undoing') ??
  (state.phase === 'running' || state.phase === 'stopping'
    ? saga.steps.find((step) => stepOf(state, step).status === 'asked')
    : undefined);

/** What cannot be undone, and succeeded in a saga that is taken back. */
const overtakingStep = <Subject>(
  saga: SagaDefinition<Subject>,
  { phase, steps }: SagaState<Subject>,
): Step<Subject> | undefined =>
  phase === 'compensating' || phase === 'cancelled'
    ? saga.steps.find(({ name, undo }) => undo === undefined && steps[name]?.status === 'done')
    : undefined;

const isAfterPivot = <Subject>(saga: SagaDefinition<Subject>, step: Step<Subject>): boolean =>
  saga.steps.indexOf(step) > saga.pivotAt;

/** This was its last request: after it a person is asked. */
const isLastTry = <Subject>(saga: SagaDefinition<Subject>, { tries }: SagaState<Subject>): boolean =>
  tries + 1 >= saga.attempts;

/** A late answer takes up what was parked. */
const resumption = <Subject>({ parked }: SagaState<Subject>): SagaFact[] =>
  parked === undefined ? [] : [{ fact: 'resumed' }];

const unparked = <Subject>({ parked: _, ...state }: SagaState<Subject>): SagaState<Subject> => state;

const withoutDeadline = <Subject>({ deadline: _, ...state }: SagaState<Subject>): SagaState<Subject> => state;

const timedOut = <Subject>({ name }: Step<Subject>): Reason => ({
  code: 'timed-out',
  text: `${name} took too long`,
});
