import type { Context, EnqueueEffect, OutgoingTask } from '@emporium/bus';
import { type Kysely, sql, type Transaction } from 'kysely';
import { v7 as uuid } from 'uuid';

/** A task that should follow. */
export interface TaskEntry {
  readonly effect: EnqueueEffect;
  /** Of the message or request that it follows from. */
  readonly context: Context;
  readonly now: Date;
}

/** Writes tasks beside the caller's own changes, as one statement. */
export const writeTasks = async <DB>(tx: Transaction<DB>, entries: readonly TaskEntry[]): Promise<void> => {
  if (entries.length === 0) return;
  const effects = entries.map(({ effect }) => effect);
  await sql`
    insert into task_outbox (task_id, task, attempts, body, due_at, priority, dedupe_key)
    select * from unnest(
      ${effects.map(({ options }) => options.id ?? uuid())}::text[],
      ${effects.map(({ task }) => task.name)}::text[],
      ${effects.map(({ task }) => task.retry.attempts)}::integer[],
      ${entries.map(({ effect, context }) => Buffer.from(JSON.stringify({ data: effect.data, context })))}::bytea[],
      ${entries.map(dueAt)}::timestamptz[],
      ${effects.map(({ options }) => options.priority ?? null)}::integer[],
      ${effects.map(({ options }) => options.dedupeKey ?? null)}::text[]
    )`.execute(tx);
};

/** A delay begins at the commit, however long the task then waits for its queue. */
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

/** The oldest ones that no other relay is at, without those of these rows; they are this transaction's until it ends. */
export const lockTasks = async <DB>(
  tx: Transaction<DB>,
  without: readonly number[],
  most: number,
): Promise<readonly TaskToEnqueue[]> => {
  const { rows } = await sql<TaskRow>`
    select id, task_id, task, attempts, body, due_at, priority, dedupe_key from task_outbox
    where id <> all(${without}::bigint[])
    order by id limit ${most} for update skip locked`.execute(tx);
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

/** Whether there is any, whoever is at it; a hint. */
export const hasTasks = async <DB>(db: Kysely<DB>): Promise<boolean> => {
  const { rows } = await sql`select 1 from task_outbox limit 1`.execute(db);
  return rows.length > 0;
};

/**
 * The queue owns these. The server need not have the removal on disk at the commit: what a crash of it brings back is added
 * again, under the same ids.
 */
export const removeTasks = async <DB>(tx: Transaction<DB>, ids: readonly number[]): Promise<void> => {
  await sql`
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
    delete from task_outbox using relaxed where id = any(${ids}::bigint[])`.execute(tx);
};
