import type { z } from 'zod';
import type { AnyTask, TaskData, TaskResult } from '../task.ts';

/**
 * Does one task. It may run more than once (a failed attempt, a crash): its effects are keyed with `id`. It runs within the
 * context of what enqueued it, so that logs and messages carry on the same correlation id and trace.
 */
export type TaskHandler<T extends AnyTask> = (
  data: TaskData<T>,
  attempt: Attempt,
) => Promise<Returned<T>> | Returned<T>;

/** When the task has no result, the handler may return anything that an arrow function returns. */
type Returned<T extends AnyTask> =
  undefined extends z.input<T['result']>
    ? // biome-ignore lint/suspicious/noConfusingVoidType: the type of an async function without a return
      z.input<T['result']> | void
    : z.input<T['result']>;

/** What a handler receives beside the data. */
export interface Attempt {
  /** The task's, the same in every attempt: the idempotency key. */
  readonly id: string;
  /** 1 for the first. A crash of the worker, or its stop, counts none. */
  readonly attempt: number;
  readonly enqueuedAt: Date;
  /** When its first attempt was due: later than `enqueuedAt` by its delay. Of a schedule: the time of this run. */
  readonly dueAt: Date;
  /** Aborted when the attempt takes too long, the task is cancelled, or the worker stops waiting. Then the attempt is over. */
  readonly signal: AbortSignal;
  /** Shown in the task's state; any JSON. */
  progress(value: number | object): Promise<void>;
  /** In a chain or a group: what the tasks of this kind returned that this one came after, in their order. */
  resultsOf<Before extends AnyTask>(before: Before): Promise<readonly TaskResult<Before>[]>;
}
