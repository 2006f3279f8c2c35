import { messageOf } from '@emporium/bus';
import { patient, type RetryPolicy, strict } from '@emporium/contracts';
import { z } from 'zod';
import { taskErrors } from './errors.ts';
import { issuesOf } from './issues.ts';

/**
 * The definition of one kind of slow background work: the types of what goes in and comes out, and how it is run. The
 * schemas hold no transforms: what is validated is what is kept in the queue.
 */
export interface Task<S extends z.ZodObject = z.ZodObject, R extends z.ZodType = z.ZodType> {
  /** `<service>.<imperative>`; the queue has this name. */
  readonly name: string;
  /** For enqueueing: unknown fields are refused at every depth. */
  readonly strictSchema: z.ZodType<z.output<S>, z.input<S>>;
  /** For the worker: unknown fields are dropped, so that an older worker can take the data of a newer producer. */
  readonly schema: S;
  /** Of what the handler returns; nothing unless given. */
  readonly result: R;
  /** How a failed attempt is tried again. What still fails then is set aside, and can be tried again by a person. */
  readonly retry: RetryPolicy;
  /** Of one attempt, in milliseconds: then its signal is aborted, and the attempt has failed. */
  readonly timeoutMs: number;
  /** Tasks at one time in each worker process. */
  readonly concurrency: number;
  /** Of all workers together. */
  readonly rateLimit?: RateLimit;
  /** How long a finished task and its result are kept, in milliseconds. An id is taken once within this time. */
  readonly keepMs: number;
}

/** At most `max` begin in any `perMs` milliseconds. */
export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
}

export type AnyTask = Task;

/** What a handler receives. */
export type TaskData<T extends AnyTask> = z.output<T['schema']>;

/** What is enqueued. */
export type TaskInput<T extends AnyTask> = z.input<T['schema']>;

/** What the handler and `result` return. */
export type TaskResult<T extends AnyTask> = z.output<T['result']>;

interface TaskDefinition<S extends z.ZodObject, R extends z.ZodType> {
  readonly schema: S;
  readonly result?: R;
  /** `patient` unless given. */
  readonly retry?: RetryPolicy;
  /** 30 s unless given. */
  readonly timeoutMs?: number;
  /** 10 unless given. */
  readonly concurrency?: number;
  readonly rateLimit?: RateLimit;
  /** An hour unless given. */
  readonly keepMs?: number;
}

const nothing = z.undefined();

/** Defines a task. Throws where a number makes no sense, naming the field. */
export const task = <S extends z.ZodObject, R extends z.ZodType = typeof nothing>(
  name: string,
  definition: TaskDefinition<S, R>,
): Task<S, R> => {
  const {
    schema,
    result,
    retry = patient,
    timeoutMs = 30_000,
    concurrency = 10,
    rateLimit,
    keepMs = 3_600_000,
  } = definition;
  const refuse = (why: string): never => {
    throw new Error(`task ${name}: ${why}`);
  };
  if (!/^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(name)) refuse('a name is like email.send');
  const counts = { timeoutMs, concurrency, keepMs, 'retry.attempts': retry.attempts, ...limitsOf(rateLimit) };
  for (const [field, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) refuse(`${field} must be a whole number, 1 or more`);
  }
  return {
    name,
    schema,
    strictSchema: strict(schema, name) as z.ZodType<z.output<S>, z.input<S>>, // same schema, stricter about keys
    result: result ?? (nothing as z.ZodType as R), // R is `nothing` exactly where none was given
    retry,
    timeoutMs,
    concurrency,
    ...(rateLimit === undefined ? {} : { rateLimit }),
    keepMs,
  };
};

const limitsOf = (limit: RateLimit | undefined): Record<string, number> =>
  limit === undefined ? {} : { 'rateLimit.max': limit.max, 'rateLimit.perMs': limit.perMs };

/** What is kept in the queue. Throws `tasks.invalid_data`, naming the field; unknown fields are refused. */
export const checkInput = <T extends AnyTask>(definition: T, data: TaskInput<T>): TaskData<T> => {
  const checked = definition.strictSchema.safeParse(data);
  if (!checked.success) {
    throw taskErrors.invalid_data({ task: definition.name, ...issuesOf('data', checked.error) });
  }
  return checked.data as TaskData<T>; // the task's own schema, made strict
};

/** What came out of the queue. Throws `tasks.invalid_data`, naming the field. */
export const readData = <T extends AnyTask>(definition: T, data: unknown): TaskData<T> => {
  const checked = definition.schema.safeParse(data);
  if (!checked.success) {
    throw taskErrors.invalid_data({ task: definition.name, ...issuesOf('data', checked.error) });
  }
  return checked.data as TaskData<T>; // the task's own schema
};

/** JSON has no `undefined`: a queue returns null for it. Throws `tasks.invalid_result`, naming the field. */
export const readResult = <T extends AnyTask>(definition: T, value: unknown): TaskResult<T> => {
  const checked = definition.result.safeParse(value);
  if (checked.success) return checked.data as TaskResult<T>; // the task's own schema
  const absent = value === null ? definition.result.safeParse(undefined) : checked;
  if (absent.success) return absent.data as TaskResult<T>; // as above
  throw taskErrors.invalid_result({ task: definition.name, ...issuesOf('result', checked.error) });
};

/** What the handler returned, as JSON keeps it. Throws `tasks.invalid_result`. */
export const checkResult = <T extends AnyTask>(definition: T, value: unknown): TaskResult<T> => {
  const result = readResult(definition, value);
  try {
    JSON.stringify(result);
  } catch (error) {
    throw taskErrors.invalid_result({ task: definition.name, result: messageOf(error) });
  }
  return result;
};
