import { type Context, createTaskSpan, currentContext, maxHops, newContext } from '@emporium/bus';
import { z } from 'zod';
import { taskErrors } from '../errors.ts';
import { issuesOf } from '../issues.ts';

/** What travels with a task from where it is enqueued. */
const travelling = z.object({
  correlationId: z.string(),
  traceparent: z.string(),
  tracestate: z.string().optional(),
  /** Messages and tasks between this one and a person, a timer or a request. */
  hops: z.int().min(0),
});

const payload = z.object({
  data: z.unknown(),
  /** Absent in what a schedule enqueues: each of its runs is the beginning of something. */
  context: travelling.optional(),
  /** In a chain or a group: the tasks whose results this one is given, in their order. */
  after: z.array(z.object({ task: z.string(), id: z.string() })).optional(),
  /** Why it shall not run, or not go on. */
  cancelled: z.string().optional(),
});

/** What a queue keeps of a task: its data as validated, and what travels with it. */
export type Payload = z.output<typeof payload>;

/** The largest data of a task, in bytes of JSON: a queue is no place for files. */
export const maxDataBytes = 256 * 1024;

/**
 * The payload of a task that is enqueued now, with the context of the message or request being handled, or a new one if there is none.
 * Throws `tasks.too_big`.
 */
export const createPayload = (name: string, id: string, data: unknown): Payload => {
  const context = currentContext() ?? newContext();
  const { span, traceparent } = createTaskSpan({ id, task: name }, context);
  const created = payloadOf(name, data, { ...context, traceparent });
  span.end();
  return created;
};

/** The payload of a task that was created in this context. Throws `tasks.too_big`. */
export const payloadOf = (name: string, data: unknown, context: Context): Payload => {
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > maxDataBytes) throw taskErrors.too_big({ task: name, bytes, limit: maxDataBytes });
  const hops = context.causationId === undefined ? 0 : context.hops + 1;
  if (hops > maxHops) throw taskErrors.invalid_option({ task: name, hops, limit: maxHops });
  const { correlationId, traceparent, tracestate } = context;
  return {
    data,
    context: {
      correlationId,
      traceparent,
      ...(tracestate === undefined ? {} : { tracestate }),
      hops,
    },
  };
};

/** Throws `tasks.invalid_data` for what no producer of ours can have put there. */
export const readPayload = (name: string, value: unknown): Payload => {
  const read = payload.safeParse(value);
  if (read.success) return read.data;
  throw taskErrors.invalid_data({ task: name, ...issuesOf('payload', read.error) });
};

/** The context that a task's handler runs in: the task is the cause of what follows. */
export const contextOf = (id: string, { context }: Payload): Context => {
  if (context === undefined) return { ...newContext(), causationId: id };
  const { correlationId, traceparent, tracestate, hops } = context;
  return {
    correlationId,
    causationId: id,
    traceparent,
    ...(tracestate === undefined ? {} : { tracestate }),
    hops,
  };
};
