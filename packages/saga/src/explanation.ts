import type { Reason, SagaDefinition, Step } from './definition.ts';
import type { RepairInput } from './inputs.ts';
import { nextAtDeadline } from './next-at-deadline.ts';
import { refusalOf } from './repair-refusal.ts';
import { type Parking, type SagaState, type SagaStatus, statusOf } from './state.ts';
import { isNeeded, pendingStep, stepOf, stepsToCompensate } from './steps.ts';

/** One saga, for a person who looks at it. */
export interface SagaExplanation {
  readonly id: string;
  readonly status: SagaStatus;
  /** In their order. */
  readonly steps: readonly StepExplanation[];
  /** What the saga waits for a reply to. */
  readonly pending?: { readonly step: string; readonly command: 'command' | 'cancel' | 'compensation' };
  /** How often the pending command was sent, and how often it is sent before the saga is parked. */
  readonly tries?: { readonly made: number; readonly of: number };
  /** The last refusal of the pending command. */
  readonly refusal?: string;
  readonly deadline?: {
    /** RFC 3339. */
    readonly at: string;
    readonly isOverdue: boolean;
    /** Sends the command again, sends the cancellation of the pivot, compensates, or parks. */
    readonly next: 'resend' | 'cancel' | 'compensate' | 'park';
  };
  /** The steps that a compensation would take back, in its order. Without the pending one when the saga compensates already. */
  readonly compensationOrder: readonly string[];
  /** Why it compensates, or was cancelled. */
  readonly reason?: Reason;
  readonly parked?: Parking;
  readonly actions: readonly ActionExplanation[];
}

export interface StepExplanation {
  readonly step: string;
  readonly status: StepStatus;
  readonly attempt: number;
  /** A person has done it, or taken it back, outside of the system. */
  readonly byHand: boolean;
}

export const stepStatuses = [
  'remaining',
  /** The subject does not need it. */
  'not-needed',
  /** The saga ended or compensates before it. */
  'not-started',
  'running',
  /** Of the pivot: its cancellation was sent. */
  'cancelling',
  'done',
  'refused',
  /** The saga compensates, or was abandoned, before a reply came. */
  'unanswered',
  'compensating',
  'compensated',
] as const;
export type StepStatus = (typeof stepStatuses)[number];

export type ActionExplanation = {
  readonly action: RepairInput['kind'];
  /** Of `resolve`. */
  readonly outcome?: 'done' | 'abandoned';
} & ({ readonly isPossible: true } | { readonly isPossible: false; readonly reason: string });

/** Explains a saga: what is done, running and remaining, what happens next, and what a person can do. Pure: `now` is a parameter. */
export const explain = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  now: Date,
): SagaExplanation => {
  const { id, parked, reason, refusal, deadline, tries } = state;
  const pending = pendingStep(saga, state);
  const next = nextAtDeadline(saga, state);
  return {
    id,
    status: statusOf(state),
    steps: saga.steps.map((step) => explainStep(state, step)),
    ...(pending === undefined
      ? {}
      : {
          pending: { step: pending.name, command: commandKind(state, pending) },
          tries: { made: tries + 1, of: saga.attempts },
        }),
    ...(refusal === undefined || pending === undefined ? {} : { refusal }),
    ...(deadline === undefined || next === undefined
      ? {}
      : { deadline: { at: deadline, isOverdue: new Date(deadline) <= now, next: next.kind } }),
    compensationOrder: isPastPivot(saga, state) ? [] : stepsToCompensate(saga, state).map(({ name }) => name),
    ...(reason === undefined ? {} : { reason }),
    ...(parked === undefined ? {} : { parked }),
    actions: repairs.map((input) => explainAction(saga, state, input)),
  };
};

const repairs: readonly RepairInput[] = [
  { kind: 'retry' },
  { kind: 'compensate' },
  { kind: 'resolve', outcome: 'done' },
  { kind: 'resolve', outcome: 'abandoned' },
];

const explainAction = <Subject>(
  saga: SagaDefinition<Subject>,
  state: SagaState<Subject>,
  input: RepairInput,
): ActionExplanation => {
  const reason = refusalOf(saga, state, input);
  const action = { action: input.kind, ...(input.kind === 'resolve' ? { outcome: input.outcome } : {}) };
  return reason === undefined ? { ...action, isPossible: true } : { ...action, isPossible: false, reason };
};

const explainStep = <Subject>(state: SagaState<Subject>, step: Step<Subject>): StepExplanation => {
  const { status, attempt, byHand = false } = stepOf(state, step);
  const isForward = state.phase === 'running' || state.phase === 'stopping';
  const word = (): StepStatus => {
    switch (status) {
      case 'idle':
        if (!isNeeded(step, state)) return 'not-needed';
        return isForward ? 'remaining' : 'not-started';
      case 'asked':
        if (!isForward) return 'unanswered';
        return state.phase === 'stopping' ? 'cancelling' : 'running';
      case 'done':
      case 'refused':
        return status;
      case 'undoing':
        return 'compensating';
      case 'undone':
        return 'compensated';
    }
  };
  return { step: step.name, status: word(), attempt, byHand };
};

const commandKind = <Subject>(state: SagaState<Subject>, step: Step<Subject>) => {
  if (stepOf(state, step).status === 'undoing') return 'compensation';
  return state.phase === 'stopping' ? 'cancel' : 'command';
};

/** Whether the pivot has succeeded: nothing would be compensated any more. */
const isPastPivot = <Subject>(saga: SagaDefinition<Subject>, state: SagaState<Subject>): boolean => {
  const pivot = saga.steps[saga.pivotAt];
  const isForward = state.phase === 'running' || state.phase === 'completed';
  return pivot === undefined || (isForward && stepOf(state, pivot).status === 'done');
};
