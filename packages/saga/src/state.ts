import type { Reason } from './definition.ts';

/** What is known of one step. */
export interface StepState {
  readonly status:
    | 'idle'
    /** The request is out, or waits for its next attempt. */
    | 'asked'
    | 'done'
    /** The answer was no: there is nothing to take back. */
    | 'refused'
    /** The compensation is out. */
    | 'undoing'
    | 'undone';
  /** Counts answered attempts: a repetition without an answer keeps the number, and so the step's id. */
  readonly attempt: number;
}

export type Phase =
  /** Forward. */
  | 'running'
  /** The pivot's deadline has passed; it was asked to stop. */
  | 'stopping'
  | 'compensating'
  /** Every step is done. Final. */
  | 'completed'
  /** Everything is compensated. Final; a late success is compensated again. */
  | 'cancelled';

/** Waits for a person; the phase says where it goes on. */
export interface Parking {
  readonly step: string;
  readonly reason: string;
}

/** One process; plain JSON. */
export interface SagaState<Subject = unknown> {
  readonly id: string;
  /** What the requests are made from. */
  readonly subject: Subject;
  readonly phase: Phase;
  readonly steps: Readonly<Record<string, StepState>>;
  /** Why it compensates. */
  readonly reason?: Reason;
  readonly parked?: Parking;
  /** Repetitions of the pending request. */
  readonly tries: number;
  /** What the last refusal said, while the request is made again. */
  readonly refusal?: string;
  /** RFC 3339; when the saga acts by itself if nothing comes. */
  readonly deadline?: string;
}

/** Nothing more is expected: no request is out, and no person is needed. */
export const isFinal = ({ phase, parked, steps }: SagaState): boolean =>
  (phase === 'completed' || phase === 'cancelled') &&
  parked === undefined &&
  Object.values(steps).every(({ status }) => status !== 'undoing');
