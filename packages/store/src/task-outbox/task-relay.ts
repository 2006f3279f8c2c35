import { type Log, messageOf, settlementOf, type TaskSink } from '@emporium/bus';
import type { Kysely } from 'kysely';
import { inTransaction } from '../database/transaction.ts';
import { failpoint } from '../failpoint.ts';
import type { Relay } from '../outbox/relay.ts';
import { createKeyBackoff } from '../polling/key-backoff.ts';
import { startPoller } from '../polling/poller.ts';
import { hasTasks, lockTasks, removeTasks, type TaskToEnqueue } from './task-outbox.ts';

export interface TaskRelayOptions<DB> {
  readonly db: Kysely<DB>;
  readonly sink: TaskSink;
  readonly log: Log;
}

/** Rows enqueued in one transaction. */
const batchSize = 200;
/** Nobody wakes the relay after a crash, so it also looks for rows by itself. */
const pollMs = 1_000;

/**
 * Enqueues committed tasks, and deletes their rows once the queue owns them. The rows are locked meanwhile, so that the relays
 * of a service's instances take different ones; tasks have no order to keep. A crash in between enqueues them again under the
 * same ids, which the queue drops as duplicates.
 */
export const startTaskRelay = <DB>({ db, sink, log }: TaskRelayOptions<DB>): Relay => {
  const backoff = createKeyBackoff();

  /** Returns the tasks that the queue owns now. When it refuses a batch, each task is tried alone: one that is refused blocks no other. */
  const enqueue = async (tasks: readonly TaskToEnqueue[]): Promise<readonly TaskToEnqueue[]> => {
    try {
      await sink.add(tasks.map(({ outgoing }) => outgoing));
      return tasks;
    } catch (error) {
      if (settlementOf(error) === 'pause') throw error;
      if (tasks.length > 1) return (await Promise.all(tasks.map((each) => enqueue([each])))).flat();
      for (const { rowId, outgoing } of tasks) {
        backoff.failed(String(rowId));
        log.error(
          { task: outgoing.task, taskId: outgoing.id },
          `not enqueued, it stays in the outbox: ${messageOf(error)}`,
        );
      }
      return [];
    }
  };

  const run = async (): Promise<number> => {
    if (!(await hasTasks(db))) return pollMs;
    const found = await inTransaction({ db, log }, async (tx) => {
      const tasks = await lockTasks(tx, backoff.blocked().map(Number), batchSize);
      if (tasks.length === 0) return false;
      failpoint('task-outbox.before-add');
      const added = await enqueue(tasks);
      failpoint('task-outbox.before-delete');
      await removeTasks(
        tx,
        added.map(({ rowId }) => rowId),
      );
      return true;
    });
    return found ? 0 : pollMs;
  };

  const poller = startPoller({ name: 'task relay', log, run });
  return { wake: poller.wake, stop: (timeoutMs = 3_000) => poller.stop(timeoutMs) };
};
