import { type Context, createTaskSpan, type EnqueueEffect, type OutgoingTask } from '@emporium/bus';
import type { Span } from '@emporium/telemetry';
import { type Kysely, sql, type Transaction } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { Backlog } from '../outbox/outbox-rows.ts';

/** A task to enqueue after the commit. */
export interface TaskEntry {
  readonly effect: EnqueueEffect;
  /** The context of the message or request that caused it. */
  readonly context: Context;
  readonly now: Date;
}

/**
 * Writes tasks beside the caller's own changes, as one statement. Calls `created` with the span of each task's creation, to end
 * after the commit.
 */
export const writeTasks = async <DB>(
  tx: Transaction<DB>,
  entries: readonly TaskEntry[],
  created: (span: Span) => void,
): Promise<void> => {
  if (entries.length === 0) return;
  const effects = entries.map(({ effect }) => effect);
  const ids = effects.map(({ options }) => options.id ?? uuid());
  const bodies = entries.map((entry, index) => bodyOf(entry, ids[index] ?? '', created));
  await sql`
    insert into task_outbox (task_id, task, attempts, body, due_at, priority, dedupe_key)
    select * from unnest(
      ${ids}::text[],
      ${effects.map(({ task }) => task.name)}::text[],
      ${effects.map(({ task }) => task.retry.attempts)}::integer[],
      ${bodies}::bytea[],
      ${entries.map(dueAt)}::timestamptz[],
      ${effects.map(({ options }) => options.priority ?? null)}::integer[],
      ${effects.map(({ options }) => options.dedupeKey ?? null)}::text[]
    )`.execute(tx);
};

/** The context is that of the task's creation: what is done with the task follows from it. */
const bodyOf = (
  { effect: { task, data }, context }: TaskEntry,
  id: string,
  created: (span: Span) => void,
): Buffer => {
  const { span, traceparent } = createTaskSpan({ id, task: task.name }, context);
  created(span);
  return Buffer.from(JSON.stringify({ data, context: { ...context, traceparent } }));
};

/** A delay begins at the commit, no matter how long the task then waits for its queue. */
const dueAt = ({ effect: { options }, now }: TaskEntry): Date | null => {
  if (options.at !== undefined) return options.at;
  return options.delayMs === undefined ? null : new Date(now.getTime() + options.delayMs);
};

interface TaskRow {
  readonly id: number;
  readonly task_id: string;
  readonly task: string;
  readonly attempts: number;
  readonly body: Buffer;
  readonly due_at: Date | null;
  readonly priority: number | null;
  readonly dedupe_key: string | null;
}

/** A committed task and its row. */
export interface TaskToEnqueue {
  readonly rowId: number;
  readonly outgoing: OutgoingTask;
}

/** Locks the oldest tasks that no other relay has locked, except those of `without`, until the transaction ends. */
export const lockTasks = async <DB>(
  tx: Transaction<DB>,
  without: readonly number[],
  limit: number,
): Promise<readonly TaskToEnqueue[]> => {
  const { rows } = await sql<TaskRow>`
    select id, task_id, task, attempts, body, due_at, priority, dedupe_key from task_outbox
    where id <> all(${without}::bigint[])
    order by id limit ${limit} for update skip locked`.execute(tx);
  return rows.map((row) => ({ rowId: row.id, outgoing: outgoing(row) }));
};

const outgoing = ({ task_id, task, attempts, body, due_at, priority, dedupe_key }: TaskRow): OutgoingTask => {
  const { data, context } = JSON.parse(body.toString()) as Pick<OutgoingTask, 'data' | 'context'>; // `writeTasks` put it there
  return {
    id: task_id,
    task,
    attempts,
    data,
    context,
    options: {
      ...(due_at === null ? {} : { at: due_at }),
      ...(priority === null ? {} : { priority }),
      ...(dedupe_key === null ? {} : { dedupeKey: dedupe_key }),
    },
  };
};

/** Reads no more than `max` entries of an index, and one row. */
export const taskBacklog = async <DB>(db: Kysely<DB>, max: number): Promise<Backlog> => {
  const { rows } = await sql<Backlog>`
    select (select count(*) from (select 1 from task_outbox limit ${max}) as waiting) as rows,
      coalesce((select greatest(0, extract(epoch from clock_timestamp() - ready_since)) from task_outbox
        order by id limit 1), 0)::float8 as "oldestSeconds"`.execute(db);
  return rows[0] ?? { rows: 0, oldestSeconds: 0 };
};

/** Whether there are any tasks, locked or not. */
export const hasTasks = async <DB>(db: Kysely<DB>): Promise<boolean> => {
  const { rows } = await sql`select 1 from task_outbox limit 1`.execute(db);
  return rows.length > 0;
};

/**
 * Deletes tasks that the queue owns. Does not wait for the server's disk: tasks that a crash of the server brings back are
 * enqueued again under the same ids.
 */
export const removeTasks = async <DB>(tx: Transaction<DB>, ids: readonly number[]): Promise<void> => {
  await sql`
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
    delete from task_outbox using relaxed where id = any(${ids}::bigint[])`.execute(tx);
};
