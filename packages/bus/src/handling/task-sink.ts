import type { RetryPolicy } from '@emporium/contracts';
import type { Context } from '../message/context.ts';

/** What is needed of a kind of task to enqueue one. `@emporium/tasks` defines the rest. */
export interface TaskKind {
  readonly name: string;
  readonly retry: RetryPolicy;
}

export interface EnqueueOptions {
  /** The task's id, a new UUIDv7 by default. Enqueueing the same id again does nothing. */
  readonly id?: string;
  /** The shortest time before it runs, in milliseconds. */
  readonly delayMs?: number;
  /** The earliest time at which it runs. Takes precedence over `delayMs`. */
  readonly at?: Date;
  /** From 0 (the default), which runs first, to 2,097,151. */
  readonly priority?: number;
  /** While a task with this key is unfinished, enqueueing another one with it does nothing. */
  readonly dedupeKey?: string;
}

/** A committed task on its way to its queue. */
export interface OutgoingTask {
  readonly id: string;
  /** The name of the task kind. */
  readonly task: string;
  /** The maximum number of runs, the first one included. */
  readonly attempts: number;
  readonly data: unknown;
  /** The context of the message or request that it follows from. */
  readonly context: Context;
  readonly options: Omit<EnqueueOptions, 'id' | 'delayMs'>;
}

/** The task queue, as the store adds committed tasks to it. */
export interface TaskSink {
  /**
   * Resolves when the queue has stored all tasks durably. Adding the same ids again does nothing. When it rejects, some may have
   * been added. Rejects with a fault that settles as `pause` when the queue is away or full.
   */
  add(tasks: readonly OutgoingTask[]): Promise<void>;
}
