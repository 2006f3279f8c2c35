import type { SendEffect } from '@emporium/bus';
import type { Contract, Data } from '@emporium/contracts';

/**
 * Makes the command of a step. The runner adds the step's id to the envelope, and the expiry where the command must not be
 * executed after the step's deadline.
 */
type Ask<Subject> = (subject: Subject) => SendEffect;

/** Why a saga compensates: a code for machines and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly text: string;
}

interface StepDefinition<Subject, Yes extends Contract, No extends Contract, Undone extends Contract> {
  readonly ask: Ask<Subject>;
  readonly yes: Yes;
  /** The refusal; what it says about why. */
  readonly no?: No;
  readonly because?: (data: Data<No>) => Reason;
  readonly undo?: Ask<Subject>;
  readonly undone?: Undone;
  /** Milliseconds in which the reply must come. */
  readonly within: number;
}

/** One request of a saga, its replies, and what takes it back. */
export interface Step<Subject = unknown> {
  readonly name: string;
  readonly ask: Ask<Subject>;
  readonly yes: Contract;
  readonly no?: Contract;
  because?(data: unknown): Reason;
  readonly undo?: Ask<Subject>;
  readonly undone?: Contract;
  readonly within: number;
  /** On the pivot: the request that stops it while it has not happened, and the reply that says so. */
  readonly stop?: { readonly ask: Ask<Subject>; readonly stopped: Contract };
}

/** Defines a step that can be taken back (`undo`), or one that stands after the pivot and has no undo. */
export const step = <Subject, Yes extends Contract, No extends Contract, Undone extends Contract>(
  name: string,
  definition: StepDefinition<Subject, Yes, No, Undone>,
): Step<Subject> => ({ name, ...definition });

/**
 * Marks the step after which the saga only goes forward. When its reply does not come in time it is asked to stop, and the
 * answer decides: stopped (compensate) or done (go on).
 */
export const pivot = <Subject>(
  definition: Step<Subject>,
  stop: { readonly ask: Ask<Subject>; readonly stopped: Contract },
): Step<Subject> => ({ ...definition, stop });

export interface SagaDefinition<Subject = unknown> {
  readonly name: string;
  readonly steps: readonly Step<Subject>[];
  /** The index of the pivot in `steps`. */
  readonly pivotAt: number;
  /** How often a request that must succeed (after the pivot, and every compensation) is made before a person is asked. */
  readonly attempts: number;
  /** Upper bound of the first wait after such a request was refused, in milliseconds; it doubles. */
  readonly retryDelayMs: number;
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
}

/** Throws unless there is exactly one pivot, every step before it can be taken back, and no reply serves two steps. */
export const saga = <Subject>(
  name: string,
  { steps, idOf, attempts = 6, retryDelayMs = 1_000 }: Saga<Subject>,
): SagaDefinition<Subject> => {
  const pivots = steps.filter(({ stop }) => stop !== undefined);
  if (pivots.length !== 1) throw new Error(`saga ${name}: it needs one pivot, it has ${pivots.length}`);
  const pivotAt = steps.findIndex(({ stop }) => stop !== undefined);
  const irrevocable = steps
    .slice(0, pivotAt)
    .filter(({ undo, undone }) => undo === undefined || undone === undefined);
  if (irrevocable.length > 0) {
    throw new Error(
      `saga ${name}: ${irrevocable.map((each) => each.name).join(', ')} before the pivot needs an undo`,
    );
  }
  const replies = steps.flatMap(({ yes, no, undone, stop }) =>
    [yes, no, undone, stop?.stopped].filter((each) => each !== undefined),
  );
  const doubled = replies.find((contract, index) => replies.indexOf(contract) !== index);
  if (doubled !== undefined) throw new Error(`saga ${name}: ${doubled.type} answers two steps`);
  return { name, steps, pivotAt, attempts, retryDelayMs, replies, idOf };
};
