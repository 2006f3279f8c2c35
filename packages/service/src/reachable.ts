import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@emporium/bus';
import type { Log } from './log.ts';

/** Waits as long as it takes, and says so. */
export const reachable = async (what: string, probe: () => Promise<void>, log: Log): Promise<void> => {
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 3_000)) {
    try {
      return await probe();
    } catch (error) {
      log.warn(`waiting for ${what}: ${messageOf(error)}`);
      await sleep(delayMs);
    }
  }
};
