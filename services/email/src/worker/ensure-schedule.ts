import { messageOf } from '@emporium/bus';
import type { Log } from '@emporium/service';
import type { TaskQueue, When } from '@emporium/tasks';
import type { dailyDigest } from '../tasks/daily-digest.ts';

const retryMs = 10_000;

/** Schedules the task, and retries until the queue can be reached. All workers set the same schedule. */
export const ensureSchedule = (queue: TaskQueue<typeof dailyDigest>, when: When, log: Log) => {
  const schedule = async (): Promise<void> => {
    try {
      await queue.schedule('daily', when, {});
    } catch (error) {
      log.warn(`cannot schedule the daily digest, trying again: ${messageOf(error)}`);
      timer = setTimeout(schedule, retryMs).unref();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  void schedule();
  return () => clearTimeout(timer);
};
