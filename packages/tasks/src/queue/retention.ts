import { type Log, messageOf } from '@emporium/bus';
import { classify, isAway } from '../faults.ts';
import type { AnyTask } from '../task.ts';
import type { Opener } from './opener.ts';

const sweepMs = 60_000;
/** Most tasks removed by one sweep. */
const maxRemoved = 10_000;

/** Removes completed tasks after their `keepMs`, in sweeps; BullMQ's own way costs time with every task. */
export const startRetention = ({ name, keepMs }: AnyTask, opener: Opener, log: Log): { stop(): void } => {
  const sweep = async (): Promise<void> => {
    try {
      const queue = await opener.queue(name);
      await queue.clean(keepMs, maxRemoved, 'completed');
    } catch (error) {
      const fault = classify(error);
      if (!isAway(fault))
        log.warn({ task: name }, `completed tasks could not be removed: ${messageOf(fault)}`);
    }
  };
  const timer = setInterval(sweep, Math.min(sweepMs, keepMs)).unref();
  return { stop: () => clearInterval(timer) };
};
