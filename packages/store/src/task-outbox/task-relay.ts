import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, type Log, messageOf, settlementOf, type TaskSink } from '@emporium/bus';
import type { Kysely } from 'kysely';
import { classify } from '../database/errors.ts';
import { inTransaction } from '../database/transaction.ts';
import { failpoint } from '../failpoint.ts';
import type { Relay } from '../outbox/relay.ts';
import { createAlarm } from '../polling/auto-reset-event.ts';
import { createHolds } from '../polling/key-backoff.ts';
import { anyTask, removeTasks, takeTasks, type WaitingTask } from './task-outbox.ts';

export interface TaskRelayOptions<DB> {
  readonly db: Kysely<DB>;
  readonly sink: TaskSink;
  readonly log: Log;
}

/** Rows handed in at one time. */
const batchSize = 200;
/** After a crash nobody wakes the relay: it looks by itself. Also the wait while the queue or the database is away. */
const pollMs = 1_000;

/**
 * Hands committed tasks in to their queue, and deletes them when it owns them. Rows are locked meanwhile, so that the relays of
 * a service's instances take different ones; tasks have no order to keep. A crash in between hands them in again under the same
 * ids, which the queue takes as one.
 */
export const startTaskRelay = <DB>({ db, sink, log }: TaskRelayOptions<DB>): Relay => {
  const alarm = createAlarm();
  const holds = createHolds();
  const stopping = new AbortController();
  let stopAt = Infinity;
  let stopped: Promise<void> | undefined;
  let troubled = false;

  /** Gives those that the queue owns. One that it refuses by itself is held back, and holds back no other. */
  const handIn = async (tasks: readonly WaitingTask[]): Promise<readonly WaitingTask[]> => {
    try {
      await sink.add(tasks.map(({ outgoing }) => outgoing));
      return tasks;
    } catch (error) {
      if (settlementOf(error) === 'pause') throw error;
      if (tasks.length > 1) return (await Promise.all(tasks.map((each) => handIn([each])))).flat();
      for (const { rowId, outgoing } of tasks) {
        holds.refused(String(rowId));
        log.error(
          { task: outgoing.task, taskId: outgoing.id },
          `not enqueued, it waits: ${messageOf(error)}`,
        );
      }
      return [];
    }
  };

  /** Whether there may be more. */
  const round = async (): Promise<boolean> => {
    if (!(await anyTask(db))) return false;
    const taken = await inTransaction(db, async (tx) => {
      const tasks = await takeTasks(tx, holds.keys().map(Number), batchSize);
      if (tasks.length === 0) return 0;
      failpoint('task-outbox.before-add');
      const added = await handIn(tasks);
      failpoint('task-outbox.before-delete');
      await removeTasks(
        tx,
        added.map(({ rowId }) => rowId),
      );
      return tasks.length;
    });
    return taken > 0;
  };

  const run = async (): Promise<void> => {
    while (performance.now() < stopAt) {
      alarm.set();
      try {
        const more = await round();
        if (troubled) log.info({ code: 'task-relay' }, 'tasks are enqueued again');
        troubled = false;
        if (more) continue;
        if (stopping.signal.aborted) return;
        await alarm.wait(pollMs);
      } catch (error) {
        const fault = classify(error);
        if (!troubled) log.warn({ code: codeOf(fault) }, `tasks wait to be enqueued: ${messageOf(fault)}`);
        troubled = true;
        if (stopping.signal.aborted) return;
        await sleep(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined); // stopped meanwhile
      }
    }
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    stopAt = performance.now() + timeoutMs;
    stopping.abort();
    alarm.ring();
    await Promise.race([running, sleep(timeoutMs, undefined, { ref: false })]);
  };

  const running = run();
  return {
    wake: alarm.ring,
    stop: (timeoutMs = 3_000) => {
      stopped ??= stop(timeoutMs);
      return stopped;
    },
  };
};

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : 'task-relay');
