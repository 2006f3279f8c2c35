import type { Reason } from './definition.ts';

/** The state of one step. */
export interface StepState {
  readonly status:
    | 'idle'
    /** The command was sent, or waits for its next attempt. */
    | 'asked'
    | 'done'
    /** The command was refused: there is nothing to compensate. */
    | 'refused'
    /** The compensation was sent. */
    | 'undoing'
    | 'undone';
  /** Counts refused attempts: a command without a reply is sent again with the same number, and so with the same step id. */
  readonly attempt: number;
  /** A person has done it, or taken it back, outside of the system. */
  readonly byHand?: boolean;
  /** It succeeded after a person had done it: it happened twice, and waits for a person. */
  readonly isDoubled?: boolean;
  /** The pivot was cancelled after a person had done it, and that waits for a person; false once it was dealt with. */
  readonly isContradicted?: boolean;
}

export type Phase =
  /** Forward. */
  | 'running'
  /** The deadline of the pivot has passed, and `cancel` was sent. */
  | 'stopping'
  | 'compensating'
  /** Every step is done. Final. */
  | 'completed'
  /** Everything is compensated, or the saga was abandoned. Final; a late success is compensated again, or continues an abandoned saga. */
  | 'cancelled';

/** The saga waits for a person; its phase says where it continues. */
export interface Parking {
  readonly step: string;
  readonly reason: string;
}

/** The state of one saga; plain JSON. */
export interface SagaState<Subject = unknown> {
  readonly id: string;
  /** What the commands are created from. */
  readonly subject: Subject;
  readonly phase: Phase;
  readonly steps: Readonly<Record<string, StepState>>;
  /** Why it compensates. */
  readonly reason?: Reason;
  readonly parked?: Parking;
  /** How often the pending command was repeated. */
  readonly tries: number;
  /** The reason of the last refusal, while the command is retried. */
  readonly refusal?: string;
  /** RFC 3339; when the saga acts without a reply. */
  readonly deadline?: string;
}

/** Whether the saga has ended: no command is pending, and it is not parked. */
export const isFinal = ({ phase, parked, steps }: SagaState): boolean =>
  (phase === 'completed' || phase === 'cancelled') &&
  parked === undefined &&
  Object.values(steps).every(({ status }) => status !== 'undoing');

/** What a saga is in, in one word. */
export const sagaStatuses = [
  'running',
  /** The command that cancels the pivot was sent. */
  'cancelling',
  'compensating',
  'completed',
  'cancelled',
  /** It waits for a person. */
  'parked',
] as const;
export type SagaStatus = (typeof sagaStatuses)[number];

/** A cancelled saga with a late success compensates again. */
export const statusOf = (state: SagaState): SagaStatus => {
  if (state.parked !== undefined) return 'parked';
  if (state.phase === 'stopping') return 'cancelling';
  return state.phase === 'cancelled' && !isFinal(state) ? 'compensating' : state.phase;
};
