import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, reasonOf } from '@emporium/service';

const firstDelayMs = 250;
const maxDelayMs = 3_000;

/** Does it again until it succeeds, and says each time why it did not; throws the last reason after `ms`. */
export const patiently = async <T>(
  what: string,
  work: () => Promise<T>,
  { log, ms }: { readonly log: Log; readonly ms: number },
): Promise<T> => {
  const deadline = Date.now() + ms;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() + delayMs > deadline) throw error;
      log.warn(`${what}: ${reasonOf(error)}; again in ${delayMs} ms`);
      await sleep(delayMs);
    }
  }
};
