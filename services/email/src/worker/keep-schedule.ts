import { messageOf } from '@emporium/bus';
import type { Log } from '@emporium/service';
import type { TaskQueue, When } from '@emporium/tasks';
import type { dailyDigest } from '../tasks/daily-digest.ts';

const againMs = 10_000;

/** Has the task enqueued each time, from as soon as the queue can be reached. It is one schedule, whichever worker sets it. */
export const keepSchedule = (queue: TaskQueue<typeof dailyDigest>, when: When, log: Log) => {
  const set = async (): Promise<void> => {
    try {
      await queue.schedule('daily', when, {});
    } catch (error) {
      log.warn(`the schedule is not set yet: ${messageOf(error)}`);
      timer = setTimeout(set, againMs).unref();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  void set();
  return () => clearTimeout(timer);
};
