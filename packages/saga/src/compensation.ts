import { sendCompensation } from './commands.ts';
import type { Reason, SagaDefinition } from './definition.ts';
import type { Changed } from './inputs.ts';
import { changed, deadlineAfter, type Outcome, park } from './outcome.ts';
import { overtakingStep, stepOf, stepsToCompensate, withoutDeadline } from './steps.ts';

/** Begins to compensate the steps whose command was sent or succeeded, the latest first; then the saga is cancelled. */
export const compensate = <Subject>(
  saga: SagaDefinition<Subject>,
  { state, effects, facts }: Outcome<Subject>,
  reason: Reason,
  now: Date,
): Changed<Subject> =>
  compensateNext(
    saga,
    {
      state: { ...state, phase: 'compensating', reason, tries: 0 },
      effects,
      facts: [...facts, { fact: 'compensating', reason }],
    },
    now,
  );

/** Compensates the next step unless a compensation is pending; without one, the saga is cancelled. */
export const compensateNext = <Subject>(
  saga: SagaDefinition<Subject>,
  outcome: Outcome<Subject>,
  now: Date,
): Changed<Subject> => {
  const { state, facts } = outcome;
  const pending = saga.steps.find((step) => stepOf(state, step).status === 'undoing');
  if (pending !== undefined) {
    if (state.parked !== undefined) return changed(outcome); // a person is needed for it as before
    // Being parked had ended its deadline.
    const deadline = state.deadline ?? deadlineAfter(now, pending.timeoutMs);
    return changed({ ...outcome, state: { ...state, deadline } });
  }
  const [next] = stepsToCompensate(saga, state);
  if (next !== undefined) return changed(sendCompensation(saga, outcome, next, now));
  const settled: Outcome<Subject> = { ...outcome, state: withoutDeadline({ ...state, phase: 'cancelled' }) };
  const reason = state.reason ?? { code: 'cancelled', text: 'cancelled' };
  const cancelled: Outcome<Subject> =
    state.phase === 'cancelled' ? settled : { ...settled, facts: [...facts, { fact: 'cancelled', reason }] };
  const overtaking = overtakingStep(saga, state);
  return overtaking === undefined
    ? changed(cancelled)
    : park(cancelled, overtaking, `${overtaking.name} succeeded although it was cancelled`);
};
