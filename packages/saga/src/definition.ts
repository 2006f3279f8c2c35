import type { SendEffect } from '@emporium/bus';
import type { Contract, Data } from '@emporium/contracts';

/**
 * Makes the command of a step. The runner adds the step's id to the envelope, and the expiry where the command must not be
 * executed after the step's deadline.
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
  /** The refusal; what it says about why. */
  readonly failure?: Failure;
  readonly reason?: (data: Data<Failure>) => Reason;
  readonly compensate?: MakeCommand<Subject>;
  readonly compensated?: Compensated;
  /** Milliseconds in which the reply must come. */
  readonly timeoutMs: number;
}

/** One request of a saga, its replies, and what takes it back. */
export interface Step<Subject = unknown> {
  readonly name: string;
  readonly command: MakeCommand<Subject>;
  readonly success: Contract;
  readonly failure?: Contract;
  reason?(data: unknown): Reason;
  readonly compensate?: MakeCommand<Subject>;
  readonly compensated?: Contract;
  readonly timeoutMs: number;
  /** On the pivot: the command that cancels it while it has not happened. */
  readonly cancel?: MakeCommand<Subject>;
  readonly cancelled?: Contract;
}

/** Defines a step that can be taken back (`compensate`), or one after the pivot, which cannot. */
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
 * Marks the step after which the saga only goes forward. When its reply does not come in time, `cancel` is sent, and the
 * reply decides: `cancelled` (compensate) or `success` (go on).
 */
export const pivot = <Subject>(
  definition: Step<Subject>,
  cancellation: { readonly cancel: MakeCommand<Subject>; readonly cancelled: Contract },
): Step<Subject> => ({ ...definition, ...cancellation });

export interface SagaDefinition<Subject = unknown> {
  readonly name: string;
  readonly steps: readonly Step<Subject>[];
  /** The index of the pivot in `steps`. */
  readonly pivotAt: number;
  /** How often a request that must succeed (after the pivot, and every compensation) is made before a person is asked. */
  readonly attempts: number;
  /** Upper bound of the first wait after such a request was refused, in milliseconds; it doubles. */
  readonly retryDelayMs: number;
  /** Commands leave in the version before their contract's, and so do the replies to them. */
  readonly sendsOlderVersion: boolean;
  /** Every contract whose messages are replies to this saga. */
  readonly replies: readonly Contract[];
  /** The saga that a reply belongs to. */
  readonly idOf: (data: Readonly<Record<string, unknown>>) => string;
}

interface Saga<Subject> {
  readonly steps: readonly Step<Subject>[];
  readonly idOf: (data: Readonly<Record<string, unknown>>) => string;
  readonly attempts?: number;
  readonly retryDelayMs?: number;
  /** For an upgrade, while instances that know only the older version take replies from the same queue. False by default. */
  readonly sendsOlderVersion?: boolean;
}

/** Throws unless there is exactly one pivot, every step before it can be taken back, and no reply serves two steps. */
export const saga = <Subject>(
  name: string,
  { steps, idOf, attempts = 6, retryDelayMs = 1_000, sendsOlderVersion = false }: Saga<Subject>,
): SagaDefinition<Subject> => {
  const pivots = steps.filter(({ cancel }) => cancel !== undefined);
  if (pivots.length !== 1) throw new Error(`saga ${name}: it needs one pivot, it has ${pivots.length}`);
  const pivotAt = steps.findIndex(({ cancel }) => cancel !== undefined);
  const irrevocable = steps
    .slice(0, pivotAt)
    .filter(({ compensate, compensated }) => compensate === undefined || compensated === undefined);
  if (irrevocable.length > 0) {
    throw new Error(
      `saga ${name}: ${irrevocable.map((each) => each.name).join(', ')} before the pivot needs a compensation`,
    );
  }
  const replies = steps.flatMap(({ success, failure, compensated, cancelled }) =>
    [success, failure, compensated, cancelled].filter((each) => each !== undefined),
  );
  const doubled = replies.find((contract, index) => replies.indexOf(contract) !== index);
  if (doubled !== undefined) throw new Error(`saga ${name}: ${doubled.type} answers two steps`);
  return { name, steps, pivotAt, attempts, retryDelayMs, sendsOlderVersion, replies, idOf };
};
