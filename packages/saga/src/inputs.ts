import type { Effect } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { Reason } from './definition.ts';
import type { SagaState } from './state.ts';

/** What can happen to a saga. */
export type SagaInput =
  | {
      readonly kind: 'reply';
      readonly contract: Contract;
      readonly data: Readonly<Record<string, unknown>>;
      /** The step id of the command that it answers. */
      readonly stepId?: string;
    }
  /** The deadline of the saga has passed. */
  | { readonly kind: 'deadline' }
  /** The owner requests a cancellation. */
  | { readonly kind: 'cancel'; readonly reason: Reason }
  /** A person lets a parked saga continue. */
  | { readonly kind: 'resume' };

/** What happened, for the aggregate that owns the saga. */
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

/** What an input leads to, as data. */
export type Transition<Subject> = Changed<Subject> | Ignored;

export interface Changed<Subject> {
  readonly kind: 'changed';
  readonly state: SagaState<Subject>;
  readonly effects: readonly Effect[];
  readonly facts: readonly SagaFact[];
}

/** The state does not expect the input; the reason is for the log. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly reason: string;
}
