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
      /** Of the command that it answers. */
      readonly stepId?: string;
    }
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
