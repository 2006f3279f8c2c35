import type { SagaDefinition, Step } from './definition.ts';
import type { SagaState } from './state.ts';
import { isAfterPivot, isLastTry, pendingStep } from './steps.ts';

/** What a saga does without a reply, and about which step. */
export type NextAtDeadline<Subject> = { readonly step: Step<Subject> } & (
  | { readonly kind: 'resend' | 'cancel' | 'compensate' }
  | { readonly kind: 'park'; readonly reason: string }
);

/** What the saga will do when its deadline passes; undefined when nothing is pending. */
export const nextAtDeadline = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
): NextAtDeadline<Subject> | undefined => {
  const step = pendingStep(saga, state);
  if (step === undefined) return undefined;
  const mustSucceed = state.phase !== 'running' || isAfterPivot(saga, step);
  if (!mustSucceed) return { kind: step.cancel === undefined ? 'compensate' : 'cancel', step };
  if (!isLastTry(saga, state)) return { kind: 'resend', step };
  return { kind: 'park', step, reason: state.refusal ?? `no reply to ${saga.attempts} commands` };
};
