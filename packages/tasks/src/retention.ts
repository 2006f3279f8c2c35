import { type Log, messageOf } from '@emporium/bus';
import { classify, isAway } from './faults.ts';
import type { Opener } from './opener.ts';
import type { AnyTask } from './task.ts';

const sweepMs = 60_000;
/** Removed at one time. */
const most = 10_000;

/** Removes completed tasks that are past their time, now and then; BullMQ's own way costs something with every task. */
export const startRetention = ({ name, keepMs }: AnyTask, opener: Opener, log: Log): { stop(): void } => {
  const sweep = async (): Promise<void> => {
    try {
      const queue = await opener.queue(name);
      await queue.clean(keepMs, most, 'completed');
    } catch (error) {
      const fault = classify(error);
      if (!isAway(fault)) log.warn({ task: name }, `finished tasks stay for now: ${messageOf(fault)}`);
    }
  };
  const timer = setInterval(sweep, Math.min(sweepMs, keepMs)).unref();
  return { stop: () => clearInterval(timer) };
};
