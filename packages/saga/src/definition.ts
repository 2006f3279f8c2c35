import type { SendEffect } from '@emporium/bus';
import type { Contract, Data } from '@emporium/contracts';

/**
 * Creates the command of a step. The runner adds the step's id to the envelope, and the expiry when the command must not be
 * carried out after the step's deadline.
 */
type MakeCommand<Subject> = (subject: Subject) => SendEffect;

/** Why a saga compensates: a code for machines and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly text: string;
}

interface StepDefinition<
  Subject,
  Success extends Contract,
  Failure extends Contract,
  Compensated extends Contract,
> {
  readonly command: MakeCommand<Subject>;
  readonly success: Success;
  /** The reply that refuses the command. */
  readonly failure?: Failure;
  /** Why the command was refused, from the data of `failure`. */
  readonly reason?: (data: Data<Failure>) => Reason;
  readonly compensate?: MakeCommand<Subject>;
  readonly compensated?: Compensated;
  /** Whether this subject needs the step; always by default. */
  readonly when?: (subject: Subject) => boolean;
  /** Sent when a person has done the step by hand, or abandons it: prevents that the command is still carried out. */
  readonly withdraw?: MakeCommand<Subject>;
  /** Doing it twice does no harm: a success after a person has done it does not park the saga. False by default. */
  readonly mayHappenTwice?: boolean;
  /** The time for the reply, in milliseconds. */
  readonly timeoutMs: number;
}

/** One command of a saga, its replies and its compensation. */
export interface Step<Subject = unknown> {
  readonly name: string;
  readonly command: MakeCommand<Subject>;
  readonly success: Contract;
  readonly failure?: Contract;
  reason?(data: unknown): Reason;
  readonly compensate?: MakeCommand<Subject>;
  readonly compensated?: Contract;
  readonly when?: (subject: Subject) => boolean;
  readonly withdraw?: MakeCommand<Subject>;
  readonly mayHappenTwice?: boolean;
  readonly timeoutMs: number;
  /** Of the pivot: the command that cancels it while it has not happened. */
  readonly cancel?: MakeCommand<Subject>;
  readonly cancelled?: Contract;
}

/** Defines a step: one with a compensation, or one after the pivot, which has none. */
export const step = <
  Subject,
  Success extends Contract,
  Failure extends Contract,
  Compensated extends Contract,
>(
  name: string,
  definition: StepDefinition<Subject, Success, Failure, Compensated>,
): Step<Subject> => ({ name, ...definition });

/**
 * Marks the step after which the saga only goes forward. When its reply does not arrive in time, `cancel` is sent, and the reply to
 * that decides: after `cancelled` the saga compensates, after `success` it continues.
 */
export const pivot = <Subject>(
  definition: Step<Subject>,
  cancellation: { readonly cancel: MakeCommand<Subject>; readonly cancelled: Contract },
): Step<Subject> => ({ ...definition, ...cancellation });

export interface SagaDefinition<Subject = unknown> {
  readonly name: string;
  readonly steps: readonly Step<Subject>[];
  /** The index of the pivot in `steps`; -1 without one: every step is after it. */
  readonly pivotAt: number;
  /** How often a command that must succeed (after the pivot, and every compensation) is sent before the saga is parked. */
  readonly attempts: number;
  /** The delay after the first refusal of such a command, in milliseconds; it doubles each time. */
  readonly retryDelayMs: number;
  /** Commands are sent in the version before their contract's; the replies are in that version, too. */
  readonly sendsOlderVersion: boolean;
  /** The contracts of all replies to this saga. */
  readonly replies: readonly Contract[];
  /** The id of the saga that a reply belongs to. */
  readonly idOf: (data: Readonly<Record<string, unknown>>) => string;
}

interface Saga<Subject> {
  readonly steps: readonly Step<Subject>[];
  readonly idOf: (data: Readonly<Record<string, unknown>>) => string;
  readonly attempts?: number;
  readonly retryDelayMs?: number;
  /** For an upgrade, while instances of the older version consume replies from the same queue. False by default. */
  readonly sendsOlderVersion?: boolean;
}

/**
 * Throws unless there is at most one pivot, every step before it has a compensation, and no two steps share a reply. A saga without a
 * pivot only goes forward: its commands do not expire, it cannot be cancelled, and it compensates nothing.
 */
export const saga = <Subject>(
  name: string,
  { steps, idOf, attempts = 6, retryDelayMs = 1_000, sendsOlderVersion = false }: Saga<Subject>,
): SagaDefinition<Subject> => {
  const pivots = steps.filter(({ cancel }) => cancel !== undefined);
  if (pivots.length > 1)
    throw new Error(`saga ${name} must have at most one pivot, and has ${pivots.length}`);
  const pivotAt = steps.findIndex(({ cancel }) => cancel !== undefined);
  const withoutCompensation = steps
    .slice(0, Math.max(pivotAt, 0))
    .filter(({ compensate, compensated }) => compensate === undefined || compensated === undefined);
  if (withoutCompensation.length > 0) {
    throw new Error(
      `saga ${name}: a step before the pivot needs a compensation: ${withoutCompensation.map((each) => each.name).join(', ')}`,
    );
  }
  const replies = steps.flatMap(({ success, failure, compensated, cancelled }) =>
    [success, failure, compensated, cancelled].filter((each) => each !== undefined),
  );
  const shared = replies.find((contract, index) => replies.indexOf(contract) !== index);
  if (shared !== undefined) throw new Error(`saga ${name}: ${shared.type} is the reply of two steps`);
  return { name, steps, pivotAt, attempts, retryDelayMs, sendsOlderVersion, replies, idOf };
};
