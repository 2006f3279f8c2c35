import type { RetryPolicy } from '@emporium/contracts';
import type { Context } from './context.ts';

/** What has to be known of a kind of task to enqueue one; `@emporium/tasks` defines the rest. */
export interface TaskKind {
  readonly name: string;
  readonly retry: RetryPolicy;
}

/** How a task is enqueued. */
export interface EnqueueOptions {
  /** The task's id, a new UUIDv7 unless given. An id is taken once: enqueueing it again changes nothing. */
  readonly id?: string;
  /** Not run before so many milliseconds have passed. */
  readonly delayMs?: number;
  /** Not run before it; goes before `delayMs`. */
  readonly at?: Date;
  /** From 0, which goes first and is the default, to 2,097,151. */
  readonly priority?: number;
  /** While a task of this key is not finished, another one is not enqueued: it is the same task. */
  readonly dedupeKey?: string;
}

/** A committed task on its way to its queue. */
export interface OutgoingTask {
  readonly id: string;
  /** The name of its kind. */
  readonly task: string;
  /** Runs in all, the first one included. */
  readonly attempts: number;
  readonly data: unknown;
  /** Of the message or request that it follows from. */
  readonly context: Context;
  readonly options: Omit<EnqueueOptions, 'id' | 'delayMs'>;
}

/** Where the store hands committed tasks in: the task queue, whatever it runs on. */
export interface TaskSink {
  /**
   * Resolves when the queue durably owns them all; adding the same ids again changes nothing. Rejects otherwise: then some may
   * have been added. A fault that settles as `pause` says that the queue is away or full.
   */
  add(tasks: readonly OutgoingTask[]): Promise<void>;
}
