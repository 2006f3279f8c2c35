import { setTimeout as sleep } from 'node:timers/promises';
import { taskErrors } from '../errors.ts';
import { isAway } from '../faults.ts';
import type { TaskState } from './task-queue.ts';

const firstPauseMs = 10;
const maxPauseMs = 500;

/**
 * Polls until the task has completed or failed, at growing intervals. BullMQ's own events would report it a little earlier, but
 * need one more connection and read everything that happens in the queue; on PostgreSQL some of them arrive late.
 */
export const waitFor = async (
  id: string,
  timeoutMs: number,
  look: () => Promise<TaskState | undefined>,
): Promise<TaskState> => {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, maxPauseMs)) {
    const leftMs = deadline - performance.now();
    try {
      const found = await look();
      if (found === undefined) throw taskErrors.unknown({ id });
      if (found.state === 'completed' || found.state === 'failed') return found;
      if (leftMs <= 0) throw taskErrors.not_finished({ id, waitedMs: timeoutMs });
    } catch (error) {
      if (!isAway(error) || leftMs <= 0) throw error;
    }
    await sleep(Math.min(pauseMs, Math.max(leftMs, 0)));
  }
};
