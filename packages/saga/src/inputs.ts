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
  | RepairInput;

/** What a person does about a parked saga. */
export type RepairInput =
  /** Sends the pending command again. */
  | { readonly kind: 'retry' }
  /** Gives up going forward: counts the pivot as cancelled, and compensates. */
  | { readonly kind: 'compensate' }
  /**
   * Continues without the pending command: `done` says that the step, or its compensation, was done outside of the system, `abandoned`
   * that it will not be done.
   */
  | { readonly kind: 'resolve'; readonly outcome: 'done' | 'abandoned' };

/** What happened, for the aggregate that owns the saga. */
export type SagaFact =
  | { readonly fact: 'step-done'; readonly step: string }
  | { readonly fact: 'step-refused'; readonly step: string; readonly reason: string }
  | { readonly fact: 'step-timed-out'; readonly step: string }
  | { readonly fact: 'step-undone'; readonly step: string }
  /** A person has done the step outside of the system. */
  | { readonly fact: 'step-done-by-hand'; readonly step: string }
  /** A person has taken the step back outside of the system, or has found that it did not happen. */
  | { readonly fact: 'step-undone-by-hand'; readonly step: string }
  | { readonly fact: 'compensating'; readonly reason: Reason }
  | { readonly fact: 'completed' }
  | { readonly fact: 'cancelled'; readonly reason: Reason }
  | { readonly fact: 'parked'; readonly step: string; readonly reason: string }
  | { readonly fact: 'resumed' }
  /** A person has decided that the saga will not be carried out. */
  | { readonly fact: 'abandoned'; readonly step: string };

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
